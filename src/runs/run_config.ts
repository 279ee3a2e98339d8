/**
 * What a run was asked for, as config.json and checkpoints say it.
 *
 * @module
 */
import { InputError } from "../input_error.ts";
import type { AdamSettings } from "../tape/adamw.ts";

/** How a run trains. */
export interface TrainingConfig extends Required<AdamSettings> {
  /** Triples per step. */
  readonly batchSize: number;
  /** Seed of order and negatives. */
  readonly seed: number;
  /** Epochs between evaluations. */
  readonly evalEvery: number;
  /** What is measured. */
  readonly metrics: readonly string[];
  /** The metric by which the best state is chosen. */
  readonly select: string;
}

/** A run's settings. */
export interface RunConfig {
  /** Name of the model. */
  readonly model: string;
  /** Name of the dataset. */
  readonly dataset: string;
  /** Hash of the dataset's content. */
  readonly fingerprint: string;
  /** The model's settings. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Optimizer, batch size and protocol. */
  readonly training: TrainingConfig;
  /** Epochs and patience: not in checkpoints, which a longer run goes on from. */
  readonly length?: Readonly<Record<string, number>>;
}

/**
 * Parses a run's settings, and of config.json the dataset's folder; `source` is what messages call the text.
 *
 * @throws {InputError} when a part is missing or is no such thing.
 */
export function parseRunConfig(
  source: string,
  text: string,
): RunConfig & { readonly data?: string } {
  const { model, dataset, fingerprint, settings, training, data } = parseObject(source, text);
  if (!isText(model)) {
    throw new InputError(`${source} does not say which model was trained ("model").`);
  }
  if (!isText(dataset) || !isText(fingerprint) || data !== undefined && !isText(data)) {
    throw new InputError(
      `${source} does not say which dataset it was trained on ("dataset", "fingerprint", "data").`,
    );
  }
  if (!isRecord(settings)) {
    throw new InputError(`${source} does not hold the model's settings ("settings").`);
  }
  if (!isTraining(training)) {
    throw new InputError(`${source} does not say how the model was trained ("training").`);
  }
  const parsed = { model, dataset, fingerprint, settings, training };
  return data === undefined ? parsed : { ...parsed, data };
}

/**
 * Parses a JSON object; `source` is what messages call it.
 *
 * @throws {InputError} when the text is something else.
 */
export function parseObject(source: string, text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${source} is not JSON: ${(error as Error).message}.`);
  }
  if (isRecord(value)) return value;
  throw new InputError(`${source} is not a JSON object.`);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const NUMBERS = [
  "batchSize",
  "learningRate",
  "weightDecay",
  "l2",
  "beta1",
  "beta2",
  "epsilon",
  "seed",
  "evalEvery",
] as const satisfies readonly (keyof TrainingConfig)[];

function isTraining(value: unknown): value is TrainingConfig {
  if (!isRecord(value)) return false;
  const { metrics, select } = value;
  return NUMBERS.every((name) => typeof value[name] === "number") && isText(select) &&
    Array.isArray(metrics) && metrics.every(isText);
}
