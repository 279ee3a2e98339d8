/**
 * All models by the same protocol on one dataset: Recall and NDCG over several seeds, paired t-tests of
 * STAIR against each, seconds per epoch and GPU memory (paper, Tables 2 and 3).
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { deviation, max, mean } from "d3-array";
import { resolve } from "node:path";
import type { Dataset } from "../src/data/dataset.ts";
import { loadDataset } from "../src/data/load_dataset.ts";
import { popularityMetrics } from "../src/evaluation/popularity.ts";
import { pairedTTest } from "../src/evaluation/significance.ts";
import { InputError } from "../src/input_error.ts";
import { presetFor, settingsFor } from "../src/models/model.ts";
import { modelNamed, models } from "../src/models/registry.ts";
import {
  abortOnInterrupt,
  rejectUnknown,
  requireNumber,
  runScript,
  toNumber,
} from "./cli/command_line.ts";
import { createProgress, formatBytes } from "./cli/progress.ts";
import { formatTable } from "../src/experiments/table.ts";
import { type KeptResult, trainOrRead } from "../src/experiments/kept_result.ts";
import { requireTrainOptions } from "../src/training/train.ts";

const HELP = `Trains models on one dataset by the same protocol and compares them with STAIR.

usage: deno task compare [options]

  --data DIR       dataset folder (default: the embedded shop, data/shop)
  --models LIST    of ${Object.keys(models).join(",")} (default: all)
  --seeds N        seeds 1 … N (default 5); a paired t-test over them needs two
  --tune           each model takes, of six settings of learning rate and decoupled weight decay
                   (coupled decay 0), the one that validates best with seed 1; otherwise its preset
  --epochs N       at most so many epochs (default: the preset's)
  --eval-every N   epochs between evaluations (default 5)
  --out DIR        results are kept here, in runs/; a run that was made before is not made again
                   (default runs/compare)
  --json           print all results as JSON, and nothing else, on stdout
  --help

Ctrl-C ends the comparison; the same command goes on, inside the run it was in.

example: deno task compare --tune
         deno task compare --data ../shared/data/baby --models stair,lightgcn --seeds 1 --epochs 20`;

/** Tried with --tune: weight decay is decoupled. */
const TRIED = [0.003, 0.01].flatMap((learningRate) =>
  [0, 0.3, 1].map((weightDecay) => ({ learningRate, weightDecay, l2: 0 }))
);

type Tuned = Partial<typeof TRIED[number]>;

/** All runs of a model with the setting it was given. */
interface Runs {
  readonly model: string;
  readonly setting: Tuned;
  readonly results: readonly KeptResult[];
}

/** What is asked for. */
interface Plan {
  readonly dataset: Dataset;
  readonly names: readonly string[];
  readonly seeds: readonly number[];
  readonly tune: boolean;
  readonly epochs?: number;
  readonly evalEvery?: number;
  readonly out: string;
  readonly signal: AbortSignal;
}

async function main(): Promise<number | void> {
  const options = parseArgs(Deno.args, {
    boolean: ["help", "json", "tune"],
    string: ["data", "models", "seeds", "epochs", "eval-every", "out"],
    unknown: rejectUnknown,
  });
  if (options.help) return console.log(HELP);
  const names: string[] = options.models?.split(",") ?? Object.keys(models);
  const kinds = names.map(modelNamed);
  const count = requireNumber("seeds", options.seeds ?? "5");
  if (!Number.isInteger(count) || count < 1) {
    throw new InputError(`--seeds is ${count}, but must be a whole number from 1.`);
  }
  const epochs = toNumber("epochs", options.epochs);
  const evalEvery = toNumber("eval-every", options["eval-every"]);
  for (const { presets: { baby: { training } } } of kinds) {
    requireTrainOptions({ ...training, seed: 1, epochs: epochs ?? training.epochs, evalEvery });
  }
  const dataset = await loadDataset(options.data ?? resolve(import.meta.dirname!, "../data/shop"));
  const signal = abortOnInterrupt();
  const plan: Plan = {
    dataset,
    names,
    seeds: Array.from({ length: count }, (_, index) => index + 1),
    tune: options.tune,
    epochs,
    evalEvery,
    out: options.out ?? "runs/compare",
    signal,
  };
  const compared = await runAll(plan).catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw error;
  });
  if (!compared) {
    console.error(`stopped; the same command goes on (results are in ${plan.out})`);
    return 130;
  }
  const rows = [popularityRow(dataset), ...compared.map((runs) => rowOf(runs, compared))];
  console.log(options.json ? JSON.stringify(rows, null, 2) : tableOf(rows));
}

async function runAll(plan: Plan): Promise<Runs[]> {
  const { names, seeds, tune } = plan;
  const total = names.length * (seeds.length + (tune ? TRIED.length - 1 : 0));
  const progress = createProgress({ label: "compare", total, unit: "runs" });
  const compared: Runs[] = [];
  let done = 0;
  const watch: Watch = {
    epoch: (model, seed, { epoch, epochs }) =>
      progress.update(done, `${model}, seed ${seed}: epoch ${epoch} of ${epochs} at most`),
    run: (model, result) => {
      const ndcg = result.test["ndcg@20"]!.toFixed(4);
      progress.update(++done, `${model}: test NDCG@20 ${ndcg} at epoch ${result.bestEpoch}`);
    },
  };
  try {
    for (const name of names) compared.push(await runModel(plan, name, watch));
  } finally {
    progress.finish();
  }
  return compared;
}

/** Told how far the comparison is. */
interface Watch {
  /** After each epoch of a run. */
  readonly epoch: (model: string, seed: number, at: { epoch: number; epochs: number }) => void;
  /** After a run. */
  readonly run: (model: string, result: KeptResult) => void;
}

/** Chooses a model's setting with the first seed, then trains it with the others. */
async function runModel(
  plan: Plan,
  model: string,
  watch: Watch,
): Promise<Runs> {
  const run = async (setting: Tuned, seed: number): Promise<KeptResult> => {
    const result = await runOnce(plan, model, setting, seed, watch);
    watch.run(model, result);
    return result;
  };
  const [first, ...others] = plan.seeds;
  const tried: { setting: Tuned; result: KeptResult }[] = [];
  for (const setting of plan.tune ? TRIED : [{}]) {
    tried.push({ setting, result: await run(setting, first!) });
  }
  tried.sort((a, b) => b.result.valid["ndcg@20"]! - a.result.valid["ndcg@20"]!);
  const { setting, result } = tried[0]!;
  const results = [result];
  for (const seed of others) results.push(await run(setting, seed));
  return { model, setting, results };
}

async function runOnce(
  { dataset, epochs, evalEvery, out, signal }: Plan,
  name: string,
  setting: Tuned,
  seed: number,
  watch: Watch,
): Promise<KeptResult> {
  const kind = modelNamed(name);
  const preset = presetFor(kind, dataset.name);
  const most = epochs ?? preset.training.epochs;
  const onEpoch = ({ epoch }: { epoch: number }): void =>
    watch.epoch(name, seed, { epoch, epochs: most });
  return await trainOrRead(out, dataset, {
    model: name,
    settings: settingsFor(kind, dataset.name, { seed }),
    training: { ...preset.training, ...setting, seed, epochs: most, evalEvery, signal, onEpoch },
  });
}

/** A row of the table. */
interface Row {
  readonly model: string;
  readonly setting?: Tuned;
  /** Mean and deviation over seeds of each test metric. */
  readonly metrics: Readonly<Record<string, { readonly mean: number; readonly deviation: number }>>;
  /** Of the two-sided paired t-test of STAIR's NDCG@20 against the model's. */
  readonly pValue?: number;
  /** Whether the model's mean is the higher one. */
  readonly ahead?: boolean;
  readonly bestEpochs?: readonly number[];
  readonly secondsPerEpoch?: number;
  readonly peakGpuBytes?: number;
}

/** Popularity has no seed: every run is the same. */
function popularityRow(dataset: Dataset): Row {
  const metrics = Object.entries(popularityMetrics(dataset, "test"))
    .map(([name, value]) => [name, { mean: value, deviation: 0 }] as const);
  return { model: "popularity", metrics: Object.fromEntries(metrics) };
}

function rowOf({ model, setting, results }: Runs, compared: readonly Runs[]): Row {
  const values = (runs: readonly KeptResult[], name: string): number[] =>
    runs.map(({ test }) => test[name]!);
  const metrics = Object.keys(results[0]!.test).map((name) => {
    const all = values(results, name);
    return [name, { mean: mean(all)!, deviation: deviation(all) ?? 0 }] as const;
  });
  const stair = compared.find((runs) => runs.model === "stair");
  const tested = stair && model !== "stair" && results.length > 1;
  return {
    model,
    setting,
    metrics: Object.fromEntries(metrics),
    ...(tested && testAgainst(values(stair.results, "ndcg@20"), values(results, "ndcg@20"))),
    bestEpochs: results.map(({ bestEpoch }) => bestEpoch),
    secondsPerEpoch: mean(results.map(({ secondsPerEpoch }) => secondsPerEpoch)),
    peakGpuBytes: max(results.map(({ peakGpuBytes }) => peakGpuBytes)),
  };
}

function testAgainst(stair: number[], rival: number[]): Pick<Row, "pValue" | "ahead"> {
  const { pValue, meanDifference } = pairedTTest(stair, rival);
  return { pValue, ahead: meanDifference < 0 };
}

function tableOf(rows: readonly Row[]): string {
  const names = Object.keys(rows[0]!.metrics);
  const header = [
    "model",
    "lr",
    "decay",
    ...names,
    "p against STAIR",
    "best epoch",
    "s per epoch",
    "GPU memory",
  ];
  const cells = rows.map(({ model, setting = {}, metrics, pValue, ...costs }) => [
    model,
    String(setting.learningRate ?? ""),
    String(setting.weightDecay ?? ""),
    ...names.map((name) => {
      const { mean, deviation } = metrics[name]!;
      return mean.toFixed(4) + (deviation > 0 ? ` ± ${deviation.toFixed(4)}` : "");
    }),
    pValue === undefined ? "" : pValue.toExponential(1) + (costs.ahead ? ", ahead of it" : ""),
    costs.bestEpochs?.join(" ") ?? "",
    costs.secondsPerEpoch?.toFixed(2) ?? "",
    costs.peakGpuBytes === undefined ? "" : formatBytes(costs.peakGpuBytes),
  ]);
  return formatTable(header, cells);
}

if (import.meta.main) await runScript(main);
