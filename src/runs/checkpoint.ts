/**
 * Checkpoints: what training needs to go on as if it had never stopped, in a safetensors file.
 *
 * Batches follow from the seed and the epoch's number, so that these two are the whole state of the
 * random generator.
 *
 * @module
 */
import { decodeSafetensors, safetensorsHead, type StoredTensor } from "../files/safetensors.ts";
import { readFile } from "../files/open_source.ts";
import { InputError } from "../input_error.ts";
import { builtModel, type Model } from "../models/model.ts";
import {
  modelTensors,
  type SavedTensor,
  shapesOf,
  type StreamedState,
  streamTensors,
  type TrainingState,
  writeTensors,
} from "../models/saved_tensor.ts";
import { parseObject, parseRunConfig, type RunConfig } from "./run_config.ts";

/** A saved state with the run's settings and its best epoch so far. */
export interface Checkpoint {
  /** Parameters, and moments where they are saved. */
  readonly state: TrainingState;
  /** Settings of the run. */
  readonly config: RunConfig;
  /** Best validation so far. */
  readonly best: BestSoFar;
}

/** Which epoch validated best. */
export interface BestSoFar {
  /** Its number; -1 before the first evaluation. */
  readonly epoch: number;
  /** What it gave, on validation, of the metric that selects. */
  readonly value: number;
}

const FORMAT = "stair-checkpoint-2";

/**
 * Saves a model's parameters; {@linkcode loadModel} reads them back.
 *
 * @throws {GpuError} when reading them from the GPU fails.
 * @throws {InputError} when the file cannot be written.
 */
export async function saveModel(model: Model, path: string): Promise<void> {
  const built = builtModel(model);
  const metadata = { model: model.name, settings: JSON.stringify(model.settings) };
  await writeFile(path, streamTensors(built.gpu, modelTensors(built), 0), metadata);
}

/**
 * Gives a model the parameters of a file: of {@linkcode saveModel}, or of a run's checkpoint.
 *
 * @throws {InputError} when the file cannot be read, or its parameters are of another model or have
 * another shape.
 */
export async function loadModel(model: Model, path: string): Promise<void> {
  const built = builtModel(model);
  const { tensors, metadata } = decodeSafetensors(await readFile(path), path);
  const saved = modelName(path, metadata);
  if (saved !== undefined && saved !== model.name) {
    throw new InputError(`${path} holds parameters of ${saved}, but the model is ${model.name}.`);
  }
  const wanted = modelTensors(built);
  requireShapes(path, tensors, shapesOf(wanted));
  writeTensors(built.gpu, wanted, floatsOf(path, tensors));
}

/**
 * Checks that a file holds floats of these shapes.
 *
 * @throws {InputError} when an array is missing or has another shape.
 */
export function requireShapes(
  path: string,
  tensors: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: unknown }>>,
  shapes: Readonly<Record<string, readonly number[]>>,
): void {
  for (const [name, shape] of Object.entries(shapes)) {
    const { shape: found, data } = tensors[name] ?? {};
    if (!(data instanceof Float32Array) || found?.join() !== shape.join()) {
      throw new InputError(
        `${path} holds ${name} of ${found?.join(" × ") ?? "no shape"}, ` +
          `but this dataset and model need ${shape.join(" × ")}.`,
      );
    }
  }
}

/** Name of the model whose parameters a file holds, if the file says so. */
function modelName(path: string, { model, config }: Record<string, string>): unknown {
  return model ?? (config && parseObject(`"config" of ${path}`, config).model);
}

/**
 * Writes a checkpoint, whole or not at all; the same checkpoint gives the same bytes.
 *
 * @throws {GpuError} when reading it from the GPU fails.
 * @throws {InputError} when the file cannot be written.
 */
export async function saveCheckpoint(
  path: string,
  { state, config, best }: Omit<Checkpoint, "state"> & { readonly state: StreamedState },
): Promise<void> {
  await writeFile(path, state, {
    format: FORMAT,
    epoch: String(state.epoch),
    best: JSON.stringify(best),
    config: JSON.stringify(config),
  });
}

/**
 * Reads a checkpoint.
 *
 * @throws {InputError} when there is none, it is not one of ours, or a part of it is missing or damaged.
 */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  const { tensors, metadata } = decodeSafetensors(await readFile(path), path);
  if (metadata.format !== FORMAT) {
    throw new InputError(`${path} is not a checkpoint: its format is ${metadata.format}.`);
  }
  const { epoch = "", config = "", best = "" } = metadata;
  if (!/^\d+$/.test(epoch)) {
    throw new InputError(`"epoch" of ${path} is "${epoch}", not a whole number from 0.`);
  }
  return {
    state: { epoch: Number(epoch), tensors: floatsOf(path, tensors) },
    config: parseRunConfig(`"config" of ${path}`, config),
    best: parseBest(path, best),
  };
}

/**
 * The arrays of a file, all of which must hold floats.
 *
 * @throws {InputError} when one does not.
 */
function floatsOf(
  path: string,
  tensors: Readonly<Record<string, StoredTensor>>,
): Readonly<Record<string, SavedTensor>> {
  const floats: Record<string, SavedTensor> = {};
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    if (!(data instanceof Float32Array)) {
      throw new InputError(`"${name}" of ${path} is not of floats.`);
    }
    floats[name] = { shape, data };
  }
  return floats;
}

function parseBest(path: string, text: string): BestSoFar {
  const { epoch, value } = parseObject(`"best" of ${path}`, text);
  if (typeof epoch !== "number" || typeof value !== "number") {
    throw new InputError(`"best" of ${path} lacks an epoch or a value: ${text}.`);
  }
  return { epoch, value };
}

/** Writes a file, whole or not at all. */
async function writeFile(
  path: string,
  { shapes, parts }: StreamedState,
  metadata: Record<string, string>,
): Promise<void> {
  // Not a static import: what browsers load must not reach Deno's own functions.
  const { writeAtomically } = await import("../files/write_atomically.ts");
  const described = Object.entries(shapes).map(([name, shape]) => [name, { dtype: "F32", shape }]);
  await writeAtomically(
    path,
    follow(safetensorsHead(Object.fromEntries(described), metadata), parts),
  );
}

async function* follow(
  head: Uint8Array<ArrayBuffer>,
  parts: StreamedState["parts"],
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield head;
  yield* parts;
}
