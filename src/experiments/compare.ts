/**
 * Models by the same protocol on one dataset: means and deviations over seeds, and a paired t-test of the
 * first one against each (paper, Tables 2 and 3).
 *
 * @module
 */
import { deviation, max, mean, sum } from "d3-array";
import type { Dataset } from "../data/dataset.ts";
import { popularityMetrics } from "../evaluation/popularity.ts";
import { pairedTTest } from "../evaluation/significance.ts";
import { InputError } from "../input_error.ts";
import { settingsFor } from "../models/define_model.ts";
import { isComputed, type ModelKind } from "../models/model.ts";
import { itemFilter } from "../models/neighbours/item_filter.ts";
import { modelNamed, models } from "../models/registry.ts";
import {
  completeTrainOptions,
  type EpochReport,
  SELECTED,
  type TrainOptions,
} from "../training/train_options.ts";
import type { TrainResult } from "../training/train.ts";
import { runCell } from "./run_cell.ts";
import { formatTable } from "./table.ts";

/** What to compare. */
export interface CompareOptions extends Pick<TrainOptions, "epochs" | "evalEvery" | "signal"> {
  /** Models by name, or kinds of your own; the first is tested against each. All of the library unless told. */
  readonly models?: readonly (keyof typeof models | ModelKind)[];
  /**
   * Whether best-sellers and the item filter, which take seconds, stand beside the models; true unless told.
   */
  readonly baselines?: boolean;
  /** Seeds 1 … N; 5 unless told. A paired t-test needs two. A model that is computed is the same with each. */
  readonly seeds?: number;
  /**
   * Whether each model takes, of six settings of learning rate and decoupled weight decay (coupled decay 0),
   * the one that validates best with seed 1, and not its preset's.
   */
  readonly tune?: boolean;
  /** What is measured, as "recall@50"; Recall and NDCG at 10 and 20 unless told. */
  readonly metrics?: readonly string[];
  /** The metric that chooses each run's state, and that is tested; "ndcg@20" unless told. */
  readonly select?: string;
  /** Folder to keep results in, which needs Deno: a run that was made before is not made again. */
  readonly out?: string;
  /** Told of every epoch and, with its result, of every run. */
  readonly onProgress?: (progress: CompareProgress) => void;
}

/** How far a comparison is. */
export interface CompareProgress {
  /** Name of the model at work. */
  readonly model: string;
  /** Its seed. */
  readonly seed: number;
  /** Runs done. */
  readonly done: number;
  /** Runs in all. */
  readonly total: number;
  /** What there is to say of an epoch, when one has ended. */
  readonly epoch?: EpochReport;
  /** What the run gave, when it has ended. */
  readonly result?: TrainResult;
}

/** One model of a comparison. */
export interface CompareRow {
  /** Its name; "popularity" for showing everyone the best-sellers. */
  readonly model: string;
  /** The setting that validated best, where models were tuned. */
  readonly setting?: Pick<TrainOptions, "learningRate" | "weightDecay" | "l2">;
  /** Mean and deviation over seeds of each test metric. */
  readonly metrics: Readonly<Record<string, { readonly mean: number; readonly deviation: number }>>;
  /** Two-sided paired t-test over seeds of the first model's selecting metric against this one's. */
  readonly pValue?: number;
  /** Whether this model's mean is above the first one's. */
  readonly ahead?: boolean;
  /** What each seed gave. */
  readonly results: readonly TrainResult[];
}

/** What a comparison found. */
export interface Comparison {
  /** Best-sellers and the item filter, unless that is among the models, then these in their order. */
  readonly rows: readonly CompareRow[];
  /** The rows as a Markdown table. */
  readonly table: string;
}

/** A setting of the optimizer that tuning tries. */
type Tried = NonNullable<CompareRow["setting"]>;

const TRIED: readonly Tried[] = [0.003, 0.01].flatMap((learningRate) =>
  [0, 0.3, 1].map((weightDecay) => ({ learningRate, weightDecay, l2: 0 }))
);

/** All runs of a model with the setting it was given. */
interface Runs {
  readonly kind: ModelKind;
  readonly setting: Tried;
  readonly results: readonly TrainResult[];
}

/**
 * Trains every model with every seed, each on a device of its own.
 *
 * @throws {InputError} when an option is out of range, or the dataset lacks what a model needs.
 * @throws {GpuError} when the GPU fails. Whatever `options.signal` was aborted with is thrown, too.
 */
export async function compare(data: Dataset, options: CompareOptions = {}): Promise<Comparison> {
  const { models: asked = Object.values(models), seeds = 5, tune = false } = options;
  const { metrics, select = SELECTED, baselines = true } = options;
  if (!Number.isSafeInteger(seeds) || seeds < 1) {
    throw new InputError(`seeds is ${seeds}, but must be a whole number from 1.`);
  }
  if (asked.length === 0) throw new InputError("There is no model to compare.");
  const kinds = asked.map((one) => typeof one === "string" ? modelNamed(one) : one);
  const { epochs, evalEvery, signal } = options;
  const protocol = { epochs, evalEvery, signal, metrics, select };
  // Before the first run, not after hours.
  for (const kind of kinds) completeTrainOptions(settingsFor(kind, data.name), protocol);
  const bestSellers = popularityMetrics(data, "test", metrics);
  const added = baselines && !kinds.includes(itemFilter) ? [itemFilter] : [];
  const computed = (kind: ModelKind): boolean => isComputed(settingsFor(kind, data.name));
  const triedWith = (kind: ModelKind): readonly Tried[] =>
    tune && !settingsFor(kind, data.name).training.asWhole ? TRIED : [{}];
  const runsOf = (kind: ModelKind): number =>
    computed(kind) ? 1 : seeds + triedWith(kind).length - 1;
  const total = sum([...added, ...kinds], runsOf);
  let done = 0;
  const run: RunCell = async (kind, setting, seed) => {
    const report = (what: Pick<CompareProgress, "epoch" | "result">): void =>
      options.onProgress?.({ model: kind.name, seed, done, total, ...what });
    const onEpoch = (epoch: EpochReport): void => report({ epoch });
    const training = { ...protocol, ...setting, seed, onEpoch };
    const result = await runCell(data, { kind, settings: { seed }, training }, options.out);
    done++;
    report({ result });
    return result;
  };
  const compared: Runs[] = [];
  for (const kind of [...added, ...kinds]) {
    compared.push(
      computed(kind)
        ? { kind, setting: {}, results: new Array(seeds).fill(await run(kind, {}, 1)) }
        : await runModel(kind, seeds, triedWith(kind), select, run),
    );
  }
  const first = compared[added.length]!;
  const rows = [
    ...(baselines ? [popularityRow(bestSellers)] : []),
    ...compared.map((runs) => rowOf(runs, first, select)),
  ];
  return { rows, table: tableOf(rows, first.kind.name, Object.keys(bestSellers)) };
}

type RunCell = (kind: ModelKind, setting: Tried, seed: number) => Promise<TrainResult>;

/** Chooses a model's setting with the first seed, then trains it with the others. */
async function runModel(
  kind: ModelKind,
  seeds: number,
  settings: readonly Tried[],
  select: string,
  run: RunCell,
): Promise<Runs> {
  const tried: { setting: Tried; result: TrainResult }[] = [];
  for (const setting of settings) {
    tried.push({ setting, result: await run(kind, setting, 1) });
  }
  tried.sort((a, b) => b.result.valid[select]! - a.result.valid[select]!);
  const { setting, result } = tried[0]!;
  const results = [result];
  for (let seed = 2; seed <= seeds; seed++) results.push(await run(kind, setting, seed));
  return { kind, setting, results };
}

/** Popularity has no seed: every run is the same. */
function popularityRow(metrics: Readonly<Record<string, number>>): CompareRow {
  const entries = Object.entries(metrics).map(([name, value]) =>
    [name, { mean: value, deviation: 0 }] as const
  );
  return { model: "popularity", metrics: Object.fromEntries(entries), results: [] };
}

function rowOf({ kind, setting, results }: Runs, first: Runs, select: string): CompareRow {
  const values = (runs: Runs["results"], name: string): number[] =>
    runs.map(({ test }) => test[name]!);
  const metrics = Object.keys(results[0]!.test).map((name) => {
    const all = values(results, name);
    return [name, { mean: mean(all)!, deviation: deviation(all) ?? 0 }] as const;
  });
  const tested = kind !== first.kind && results.length > 1
    ? pairedTTest(values(first.results, select), values(results, select))
    : undefined;
  return {
    model: kind.name,
    ...(Object.keys(setting).length > 0 ? { setting } : {}),
    metrics: Object.fromEntries(metrics),
    ...(tested ? { pValue: tested.pValue, ahead: tested.meanDifference < 0 } : {}),
    results,
  };
}

function tableOf(
  rows: readonly CompareRow[],
  first: string,
  metrics: readonly string[],
): string {
  const tuned = rows.some(({ setting }) => setting);
  const header = [
    "model",
    ...(tuned ? ["lr", "decay"] : []),
    ...metrics,
    `p against ${first}`,
    "best epoch",
    "s per epoch",
    "GPU MB",
  ];
  const cells = rows.map(({ model, setting = {}, metrics: values, pValue, ahead, results }) => [
    model,
    ...(tuned ? [setting.learningRate ?? "", setting.weightDecay ?? ""] : []),
    ...metrics.map((name) => {
      const { mean, deviation } = values[name]!;
      return mean.toFixed(4) + (deviation > 0 ? ` ± ${deviation.toFixed(4)}` : "");
    }),
    pValue === undefined ? "" : pValue.toExponential(1) + (ahead ? ", ahead of it" : ""),
    results.filter(({ epochs }) => epochs > 0).map(({ bestEpoch }) => bestEpoch).join(" "),
    mean(results.map(({ secondsPerEpoch }) => secondsPerEpoch).filter((seconds) => seconds > 0))
      ?.toFixed(2) ?? "",
    megabytes(max(results.map(({ peakGpuBytes }) => peakGpuBytes))),
  ]);
  return formatTable(header, cells);
}

function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? "" : (bytes / 1e6).toFixed(1);
}
