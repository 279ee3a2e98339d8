/**
 * Checkpoints: what training needs to go on as if it had never stopped, in a safetensors file.
 *
 * Batches follow from the seed and the epoch's number, so that these two are the whole state of the
 * random generator.
 *
 * @module
 */
import { decodeSafetensors, encodeSafetensors } from "../files/safetensors.ts";
import { writeAtomically } from "../files/write_atomically.ts";
import type { GpuDevice } from "../gpu/device.ts";
import { InputError } from "../input_error.ts";
import { builtModel, type Model } from "../models/model.ts";
import {
  modelTensors,
  readTensors,
  type SavedTensor,
  shapesOf,
  writeTensors,
} from "../models/saved_tensor.ts";
import type { TrainingState } from "../training/trainer.ts";

/** A saved state and where it comes from. */
export interface Checkpoint {
  /** Parameters, and moments where they are saved. */
  readonly state: TrainingState;
  /** Everything that the run was asked for. */
  readonly config: RunConfig;
  /** Best validation so far. */
  readonly best: BestSoFar;
}

/** Which epoch validated best. */
export interface BestSoFar {
  /** Its number; -1 before the first evaluation. */
  readonly epoch: number;
  /** Its validation NDCG@20. */
  readonly ndcg: number;
}

/** A run's settings as they are written to config.json and into checkpoints. */
export interface RunConfig {
  /** Name of the model. */
  readonly model: string;
  /** Name of the dataset. */
  readonly dataset: string;
  /** Hash of the dataset's content. */
  readonly fingerprint: string;
  /** The model's settings. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Batch size, learning rate, … */
  readonly training: Readonly<Record<string, unknown>>;
  /** Epochs and patience: not in checkpoints, which a longer run goes on from. */
  readonly length?: Readonly<Record<string, number>>;
}

const FORMAT = "stair-checkpoint-1";

/**
 * Saves a model's parameters; {@linkcode loadModel} reads them back.
 *
 * @throws {GpuError} when reading them from the GPU fails.
 * @throws {InputError} when the file cannot be written.
 */
export async function saveModel(gpu: GpuDevice, model: Model, path: string): Promise<void> {
  const tensors = await readTensors(gpu, modelTensors(builtModel(model)));
  const metadata = { model: model.name, settings: JSON.stringify(model.settings) };
  await writeAtomically(path, encodeSafetensors(tensors, metadata));
}

/**
 * Gives a model the parameters of a file: of {@linkcode saveModel}, or of a run's checkpoint.
 *
 * @throws {InputError} when the file cannot be read, or its parameters are of another model or have
 * another shape.
 */
export async function loadModel(gpu: GpuDevice, model: Model, path: string): Promise<void> {
  const { tensors, metadata } = decodeSafetensors(await readBytes(path), path);
  const saved = modelName(path, metadata);
  if (saved !== undefined && saved !== model.name) {
    throw new InputError(`${path} holds parameters of ${saved}, but the model is ${model.name}.`);
  }
  const wanted = modelTensors(builtModel(model));
  requireShapes(path, tensors, shapesOf(wanted));
  writeTensors(gpu, wanted, tensors as Record<string, SavedTensor>);
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

/** Whose parameters a file holds, if it says so. */
function modelName(path: string, { model, config }: Record<string, string>): unknown {
  return model ?? (config && parseObject(`"config" of ${path}`, config).model);
}

/** Writes a checkpoint, whole or not at all; the same checkpoint gives the same bytes. */
export async function saveCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const { state, config, best } = checkpoint;
  const metadata = {
    format: FORMAT,
    epoch: String(state.epoch),
    best: JSON.stringify(best),
    config: JSON.stringify(config),
  };
  await writeAtomically(path, encodeSafetensors(state.tensors, metadata));
}

/**
 * Reads a checkpoint.
 *
 * @throws {InputError} when there is none, it is not one of ours, or a part of it is missing or damaged.
 */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  const { tensors, metadata } = decodeSafetensors(await readBytes(path), path);
  if (metadata.format !== FORMAT) {
    throw new InputError(`${path} is not a checkpoint: its format is ${metadata.format}.`);
  }
  const { epoch = "", config = "", best = "" } = metadata;
  if (!/^\d+$/.test(epoch)) {
    throw new InputError(`"epoch" of ${path} is "${epoch}", not a whole number from 0.`);
  }
  const integers = Object.keys(tensors).find((name) =>
    !(tensors[name]!.data instanceof Float32Array)
  );
  if (integers !== undefined) throw new InputError(`"${integers}" of ${path} is not of floats.`);
  return {
    state: { epoch: Number(epoch), tensors: tensors as Record<string, SavedTensor> },
    config: parseObject(`"config" of ${path}`, config) as unknown as RunConfig,
    best: parseBest(path, best),
  };
}

function parseBest(path: string, text: string): BestSoFar {
  const { epoch, ndcg } = parseObject(`"best" of ${path}`, text);
  if (typeof epoch !== "number" || typeof ndcg !== "number") {
    throw new InputError(`"best" of ${path} lacks an epoch or an ndcg: ${text}.`);
  }
  return { epoch, ndcg };
}

/**
 * Parses a JSON object; `source` is what messages call it.
 *
 * @throws {InputError} when the text is something else.
 */
export function parseObject(source: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${source} is not JSON: ${(error as Error).message}.`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new InputError(`${source} is not a JSON object.`);
}

/**
 * Reads a file of a run.
 *
 * @throws {InputError} when it cannot be read.
 */
export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new InputError(`Cannot read ${path}: ${(error as Error).message}.`);
  }
}
