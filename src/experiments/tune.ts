/**
 * Chooses a model's settings, and the optimizer's, by validation alone.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { InputError } from "../input_error.ts";
import { settingsFor } from "../models/define_model.ts";
import type { ModelKind } from "../models/model.ts";
import { type SettingValue, writtenName, writtenValue } from "../models/settings.ts";
import { createRandom, shuffle } from "../random.ts";
import { completeTrainOptions, SELECTED, type TrainOptions } from "../training/train_options.ts";
import type { TrainResult } from "../training/train.ts";
import { runCell } from "./run_cell.ts";
import { formatTable } from "./table.ts";

/** What of the optimizer may be tried. */
export type TriedTraining = Pick<TrainOptions, "learningRate" | "weightDecay" | "l2" | "batchSize">;

/** What is tried, and how. */
export interface TuneOptions
  extends Pick<TrainOptions, "epochs" | "evalEvery" | "patience" | "select" | "seed" | "signal"> {
  /** Values of the model's settings, by name: all combinations of them. */
  readonly settings?: Readonly<Record<string, readonly SettingValue[]>>;
  /** Values of the optimizer's. */
  readonly training?: Readonly<Partial<Record<keyof TriedTraining, readonly number[]>>>;
  /** How many combinations are tried, drawn at random by the seed; all unless told. */
  readonly trials?: number;
  /** Folder in which results are kept, so that tuning goes on where it was stopped; needs Deno. */
  readonly out?: string;
  /** Told of every trial that has ended. */
  readonly onProgress?: (done: number, total: number, best: Trial) => void;
}

/** A combination that was tried. */
export interface Trial {
  /** Of the model's settings those that were tried. */
  readonly settings: Readonly<Record<string, SettingValue>>;
  /** Of the optimizer's. */
  readonly training: TriedTraining;
  /** What it gave. */
  readonly result: TrainResult;
}

/** What tuning found. */
export interface Tuned {
  /** All trials, those that validate best first. */
  readonly trials: readonly Trial[];
  /** What each gave in validation, as a Markdown table. */
  readonly table: string;
}

/** Combinations that are too many to be meant. */
const MOST_TRIALS = 10_000;

/**
 * Trains a model with each combination of settings.
 *
 * @throws {InputError} when a setting is not known or out of range, or the dataset lacks what the model needs.
 * @throws {GpuError} when the GPU fails. Whatever `options.signal` was aborted with is thrown, too.
 */
export async function tune(
  kind: ModelKind,
  data: Dataset,
  { settings = {}, training = {}, trials, out, onProgress, ...options }: TuneOptions = {},
): Promise<Tuned> {
  const { seed = 1, select = SELECTED } = options;
  const ofTraining = combinations<number>(training);
  const all = combinations<SettingValue>(settings).flatMap((settings) =>
    ofTraining.map((training): Combination => ({ settings, training }))
  );
  const chosen = draw(all, trials, seed);
  const protocol = { ...options, seed, select };
  // Before the first run, not after hours.
  for (const each of chosen) {
    const planned = settingsFor(kind, data.name, { ...each.settings, seed });
    completeTrainOptions(planned, { ...protocol, ...each.training });
  }
  const ended: Trial[] = [];
  for (const each of chosen) {
    const experiment = {
      kind,
      settings: { ...each.settings, seed },
      training: { ...protocol, ...each.training },
    };
    ended.push({ ...each, result: await runCell(data, experiment, out) });
    ended.sort((a, b) => b.result.valid[select]! - a.result.valid[select]!);
    onProgress?.(ended.length, chosen.length, ended[0]!);
  }
  return { trials: ended, table: tableOf(ended) };
}

type Combination = Omit<Trial, "result">;

/** All combinations of values, the last name's changing fastest. */
function combinations<Value>(
  tried: Readonly<Record<string, readonly Value[] | undefined>>,
): Record<string, Value>[] {
  let all: Record<string, Value>[] = [{}];
  for (const [name, values = []] of Object.entries(tried)) {
    if (values.length === 0) throw new InputError(`There is no value of ${name} to be tried.`);
    if (all.length * values.length > MOST_TRIALS) {
      throw new InputError(`There are more than ${MOST_TRIALS} combinations to be tried.`);
    }
    all = all.flatMap((one) => values.map((value) => ({ ...one, [name]: value })));
  }
  return all;
}

/** So many of all, at random, in their order. */
function draw(
  all: readonly Combination[],
  trials: number | undefined,
  seed: number,
): readonly Combination[] {
  if (trials === undefined) return all;
  if (!Number.isSafeInteger(trials) || trials < 1) {
    throw new InputError(`trials is ${trials}, but must be a whole number from 1.`);
  }
  const places = Uint32Array.from(all, (_, place) => place);
  shuffle(createRandom(seed, all.length), places);
  return [...places.slice(0, trials).sort()].map((place) => all[place]!);
}

function tableOf(trials: readonly Trial[]): string {
  const metrics = Object.keys(trials[0]?.result.valid ?? {});
  const valuesOf = ({ settings, training }: Trial): [string, SettingValue][] => [
    ...Object.entries(settings),
    ...Object.entries(training),
  ];
  const names = trials[0] ? valuesOf(trials[0]).map(([name]) => writtenName(name)) : [];
  const cells = trials.map((trial) => [
    ...valuesOf(trial).map(([, value]) => writtenValue(value)),
    ...metrics.map((name) => trial.result.valid[name]!.toFixed(4)),
    trial.result.bestEpoch,
  ]);
  return formatTable([...names, ...metrics.map((name) => `valid ${name}`), "best epoch"], cells);
}
