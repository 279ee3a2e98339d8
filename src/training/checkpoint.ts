/**
 * Checkpoints: what training needs to go on as if it had never stopped, in a safetensors file.
 *
 * Batches follow from the seed and the epoch's number, so that these two are the whole state of the
 * random generator.
 *
 * @module
 */
import { decodeSafetensors, encodeSafetensors } from "../data/safetensors.ts";
import { writeAtomically } from "../data/write_atomically.ts";
import type { Gpu } from "../gpu/device.ts";
import { readFloats, write } from "../gpu/tensor.ts";
import { InputError } from "../input_error.ts";
import type { Model } from "../models/model.ts";
import type { TrainingState } from "./trainer.ts";

/** A saved state and where it comes from. */
export interface Checkpoint {
  /** Embeddings and moments. */
  readonly state: TrainingState;
  /** Shape of each of the three, (users + items) × dim. */
  readonly shape: readonly number[];
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
 * Saves a model's embeddings, users then items; {@linkcode loadModel} reads them back.
 *
 * @throws {GpuError} when reading them from the GPU fails.
 * @throws {InputError} when the file cannot be written.
 */
export async function saveModel(gpu: Gpu, model: Model, path: string): Promise<void> {
  const [data] = await readFloats(gpu, model.embeddings);
  const tensors = { embeddings: { shape: model.embeddings.shape, data: data! } };
  const metadata = { model: model.name, settings: JSON.stringify(model.settings) };
  await writeAtomically(path, encodeSafetensors(tensors, metadata));
}

/**
 * Gives a model the embeddings of a file: of {@linkcode saveModel}, or of a run's checkpoint.
 *
 * @throws {InputError} when the file cannot be read, or its embeddings are of another model or have
 * another shape.
 */
export async function loadModel(gpu: Gpu, model: Model, path: string): Promise<void> {
  const { tensors, metadata } = decodeSafetensors(await readBytes(path), path);
  const saved = modelName(path, metadata);
  if (saved !== undefined && saved !== model.name) {
    throw new InputError(`${path} holds embeddings of ${saved}, but the model is ${model.name}.`);
  }
  const { shape, data } = tensors.embeddings ?? {};
  if (!(data instanceof Float32Array) || shape?.join() !== model.embeddings.shape.join()) {
    throw new InputError(
      `${path} holds embeddings of ${shape?.join(" × ") ?? "no shape"}, ` +
        `but the model's are ${model.embeddings.shape.join(" × ")}.`,
    );
  }
  write(gpu, model.embeddings, data);
}

/** Whose embeddings a file holds, if it says so. */
function modelName(path: string, { model, config }: Record<string, string>): unknown {
  return model ?? (config && parseObject(`"config" of ${path}`, config).model);
}

/** Writes a checkpoint, whole or not at all; the same checkpoint gives the same bytes. */
export async function saveCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const { state, shape, config, best } = checkpoint;
  const tensors = {
    embeddings: { shape, data: state.embeddings },
    "embeddings.first_moment": { shape, data: state.firstMoment },
    "embeddings.second_moment": { shape, data: state.secondMoment },
  };
  const metadata = {
    format: FORMAT,
    epoch: String(state.epoch),
    best: JSON.stringify(best),
    config: JSON.stringify(config),
  };
  await writeAtomically(path, encodeSafetensors(tensors, metadata));
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
  const shape = tensors.embeddings?.shape ?? [];
  const floats = (name: string): Float32Array<ArrayBuffer> => {
    const tensor = tensors[name];
    if (!(tensor?.data instanceof Float32Array)) throw new InputError(`${path} lacks "${name}".`);
    if (tensor.shape.join() !== shape.join()) {
      throw new InputError(
        `"${name}" of ${path} is ${tensor.shape.join(" × ")}, ` +
          `but its embeddings are ${shape.join(" × ")}.`,
      );
    }
    return tensor.data;
  };
  return {
    state: {
      epoch: Number(epoch),
      embeddings: floats("embeddings"),
      firstMoment: floats("embeddings.first_moment"),
      secondMoment: floats("embeddings.second_moment"),
    },
    shape,
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
