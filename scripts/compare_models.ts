/**
 * All models by the same protocol on one dataset: Recall and NDCG over several seeds, paired t-tests of
 * the first against each, seconds per epoch and GPU memory (paper, Tables 2 and 3).
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { resolve } from "node:path";
import { loadDataset } from "../src/data/load_dataset.ts";
import { compare, type CompareProgress, type Comparison } from "../src/experiments/compare.ts";
import { compareRuns } from "../src/experiments/compare_runs.ts";
import { CACHE_FOLDER } from "../src/features/preparation.ts";
import { openGpu } from "../src/gpu/device.ts";
import { InputError } from "../src/input_error.ts";
import { models } from "../src/models/registry.ts";
import {
  abortOnInterrupt,
  rejectUnknown,
  requireNumber,
  runScript,
  toNumber,
} from "./cli/command_line.ts";
import { findKind } from "./cli/model_kind.ts";
import { createProgress } from "./cli/progress.ts";

const HELP = `Trains models on one dataset by the same protocol and compares the first with each.

usage: deno task compare [options]

  --data DIR       dataset folder (default: the embedded shop, data/shop)
  --models LIST    of ${Object.keys(models).join(",")} (default: all),
                   or files, whose default exports define models
  --seeds N        seeds 1 … N (default 5); a paired t-test over them needs two
  --tune           each model takes, of six settings of learning rate and decoupled weight decay
                   (coupled decay 0), the one that validates best with seed 1; otherwise its preset
  --epochs N       at most so many epochs (default: the preset's)
  --eval-every N   epochs between evaluations (default 5)
  --runs LIST      folders of finished runs in the place of models: tests them, and tells what the
                   first has more than each, with 95 % intervals over users by a paired bootstrap
  --no-baselines   without best-sellers and item_filter, which stand beside the models
  --metrics LIST   what is measured (default recall@10,recall@20,ndcg@10,ndcg@20)
  --select METRIC  by which states are chosen and models tested (default ndcg@20)
  --out DIR        results are kept here, in runs/; a run that was made before is not made again
                   (default runs/compare)
  --json           print all results as JSON, and nothing else, on stdout
  -h, --help

Ctrl-C ends the comparison; the same command goes on, inside the run it was in.

example: deno task compare --models stair,lightgcn --seeds 2 --epochs 10
         deno task compare --tune
         deno task compare --runs runs/shop-stair-1,runs/shop-ials-1`;

/** Options that are of models that are trained, and not of runs. */
const OF_MODELS = ["data", "models", "seeds", "epochs", "eval-every", "select", "out"] as const;

async function main(): Promise<number | void> {
  const options = parseArgs(Deno.args, {
    boolean: ["help", "json", "tune", "baselines"],
    negatable: ["baselines"],
    default: { baselines: true },
    string: [...OF_MODELS, "metrics", "runs"],
    alias: { h: "help" },
    unknown: rejectUnknown,
  });
  if (options.help) return console.log(HELP);
  if (options.runs !== undefined) {
    const wrong = OF_MODELS.find((name) => options[name] !== undefined);
    if (wrong) throw new InputError(`--${wrong} is of models that are trained, not of --runs.`);
    const asked = { metrics: options.metrics?.split(","), json: options.json };
    return await printRuns(options.runs.split(","), asked);
  }
  const names = options.models?.split(",") ?? Object.keys(models);
  const out = options.out ?? "runs/compare";
  const signal = abortOnInterrupt();
  const asked = {
    models: await Promise.all(names.map(findKind)),
    seeds: requireNumber("seeds", options.seeds ?? "5"),
    tune: options.tune,
    baselines: options.baselines,
    epochs: toNumber("epochs", options.epochs),
    evalEvery: toNumber("eval-every", options["eval-every"]),
    metrics: options.metrics?.split(","),
    select: options.select,
    out,
    signal,
  };
  const data = await loadDataset(options.data ?? resolve(import.meta.dirname!, "../data/shop"));
  const progress = trackRuns();
  let comparison: Comparison;
  try {
    comparison = await compare(data, { ...asked, onProgress: progress.report });
  } catch (error) {
    if (!signal.aborted) throw error;
    console.error(`stopped; the same command goes on (results are in ${out})`);
    return 130;
  } finally {
    progress.finish();
  }
  console.log(options.json ? JSON.stringify(comparison.rows, null, 2) : comparison.table);
}

/** Tests finished runs and prints what they gave. */
async function printRuns(
  folders: readonly string[],
  { metrics, json }: { readonly metrics: readonly string[] | undefined; readonly json: boolean },
): Promise<void> {
  using gpu = await openGpu();
  const progress = createProgress({ label: "compare", total: folders.length, unit: "runs" });
  const { rows, table } = await compareRuns(gpu, folders, {
    metrics,
    cacheFolder: CACHE_FOLDER,
    onProgress: (done, _, folder) => progress.update(done, folder),
  });
  progress.finish();
  console.log(json ? JSON.stringify(rows, null, 2) : table);
}

/** A progress line of all runs. */
function trackRuns(): { report(progress: CompareProgress): void; finish(): void } {
  let line: ReturnType<typeof createProgress> | undefined;
  return {
    report({ model, seed, done, total, epoch, result }) {
      line ??= createProgress({ label: "compare", total, unit: "runs" });
      if (epoch) line.update(done, `${model}, seed ${seed}: epoch ${epoch.epoch}`);
      if (result) line.update(done, `${model}, seed ${seed}: best epoch ${result.bestEpoch}`);
    },
    finish: () => line?.finish(),
  };
}

if (import.meta.main) await runScript(main);
