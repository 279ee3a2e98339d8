/**
 * Trains a model on a dataset and reports its ranking quality.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { basename, resolve } from "node:path";
import type { Dataset } from "../src/data/dataset.ts";
import { loadDataset } from "../src/data/load_dataset.ts";
import { datasetStatistics } from "../src/data/statistics.ts";
import { writeAtomically } from "../src/files/write_atomically.ts";
import type { Metrics } from "../src/evaluation/metrics.ts";
import { popularityMetrics } from "../src/evaluation/popularity.ts";
import { seenBefore } from "../src/evaluation/ranking.ts";
import { recommend } from "../src/evaluation/recommend.ts";
import { CACHE_FOLDER } from "../src/features/preparation.ts";
import { type GpuDevice, openDevice } from "../src/gpu/device.ts";
import {
  type BuiltModel,
  builtModel,
  type ModelKind,
  type Preset,
  presetFor,
  presetNamed,
  settingsFor,
} from "../src/models/model.ts";
import { modelNamed, models } from "../src/models/registry.ts";
import type { ModelSettings } from "../src/models/settings.ts";
import {
  describeOptions,
  modelOptions,
  type Options,
  requireOwnOptions,
  settingsFrom,
} from "./cli/model_options.ts";
import { abortOnInterrupt, rejectUnknown, runScript, toNumber } from "./cli/command_line.ts";
import { createProgress, formatBytes, type Progress } from "./cli/progress.ts";
import { describeUser } from "./cli/recommendations.ts";
import { formatTable } from "../src/experiments/table.ts";
import { rowOf } from "../src/sparse/csr.ts";
import { countMemory } from "../src/training/count_memory.ts";
import {
  type EpochReport,
  requireTrainOptions,
  train,
  type TrainOptions,
  type TrainResult,
} from "../src/training/train.ts";

const HELP =
  `Trains a recommender on a dataset, keeps the state that validates best and tests it once.

usage: deno task train [options]

  --data DIR              dataset folder: MMRec, freerec, LATTICE or CSV layout
                          (default: the embedded shop, data/shop)
  --model NAME            ${Object.keys(models).join(", ")} (default stair)
  --preset NAME           published settings: baby, sports, electronics or shop
                          (by the folder's name if the model has them, otherwise baby)
  --epochs N              epochs to train
  --batch-size N          triples per step
  --learning-rate X
  --weight-decay X        decoupled (AdamW)
  --l2 X                  coupled weight decay: X times the parameter is added to each gradient
  --seed N                seed of everything random (default 1)
  --eval-every N          epochs between evaluations (default 5)
  --patience N            evaluations without a better one after which to stop (default: never)
  --out DIR               run folder (default runs/DATASET-MODEL-SEED)
  --resume                go on with the run in that folder
  --dry-run               print the GPU memory that training and ranking take, and end
  --json                  print the summary as JSON, and nothing else, on stdout
  --help                  with --model NAME: the options of that model, too

The run folder gets config.json, metrics.csv, best.safetensors, last.safetensors and summary.json.
Ctrl-C ends the run after the epoch at work; --resume goes on with the same bits.

example: deno task train --data ../shared/data/baby --epochs 20
         deno task train --model lightgcn --layers 2
         deno task train --model freedom --help`;

const OPTIONS = {
  boolean: ["help", "json", "resume", "dry-run"],
  string: [
    "data",
    "preset",
    "model",
    "epochs",
    "batch-size",
    "learning-rate",
    "weight-decay",
    "l2",
    "seed",
    "eval-every",
    "patience",
    "out",
    ...modelOptions(),
  ],
};

async function main(): Promise<number | void> {
  const options = parseArgs(Deno.args, { ...OPTIONS, unknown: rejectUnknown }) as Options;
  const modelName = String(options.model ?? "stair");
  const kind = modelNamed(modelName);
  requireOwnOptions(kind, options);
  const folder = String(options.data ?? resolve(import.meta.dirname!, "../data/shop"));
  const name = basename(resolve(folder)), { preset: asked } = options;
  const preset = asked === undefined ? presetFor(kind, name) : presetNamed(kind, asked);
  if (options.help) {
    const settings = settingsFor(kind, name, { preset: asked });
    return console.log(options.model ? helpOf(kind, settings, preset) : HELP);
  }
  const training = trainingOptions(options, preset);
  requireTrainOptions(training);
  const given = { ...settingsFrom(kind, options), preset: asked, seed: training.seed };
  const settings = settingsFor(kind, name, given);

  const dataset = await loadDataset(folder);
  if (options["dry-run"]) {
    const peakGpuBytes = await countMemory(kind, dataset, settings, training);
    const counted = { model: modelName, dataset: dataset.name, peakGpuBytes };
    return console.log(options.json ? JSON.stringify(counted) : describeMemory(counted));
  }
  using gpu = await openDevice();
  console.error(`preparing ${dataset.name} on ${gpu.adapterName}`);
  const preparation = { cacheFolder: CACHE_FOLDER, onProgress: trackPreparation() };
  using model = builtModel(await kind.create(gpu, dataset, settings, preparation));
  const out = String(options.out ?? `runs/${dataset.name}-${model.name}-${training.seed}`);

  const progress = trackEpochs(training.epochs);
  const signal = abortOnInterrupt();
  const resume = options.resume === true;
  let result: TrainResult;
  try {
    const onEpoch = progress.report;
    result = await train(gpu, model, dataset, { ...training, out, resume, signal, onEpoch });
  } catch (error) {
    progress.finish();
    if (!signal.aborted) throw error;
    console.error(`stopped; go on with --resume (the run is in ${out})`);
    return 130;
  }
  progress.finish();
  const summary = await writeSummary(out, gpu, dataset, result);
  if (options.json) return console.log(summary);
  console.log(describe(result, popularityMetrics(dataset, "test"), gpu.peakBytes, out));
  await showRecommendations(gpu, model, dataset);
}

function trainingOptions(options: Options, { training }: Preset): TrainOptions {
  const number = (name: string): number | undefined => toNumber(name, options[name]);
  return {
    learningRate: number("learning-rate") ?? training.learningRate,
    weightDecay: number("weight-decay") ?? training.weightDecay,
    l2: number("l2") ?? training.l2,
    batchSize: number("batch-size") ?? training.batchSize,
    epochs: number("epochs") ?? training.epochs,
    seed: number("seed") ?? 1,
    evalEvery: number("eval-every"),
    patience: number("patience") ?? training.patience,
  };
}

/** Writes summary.json and returns its text. */
async function writeSummary(
  out: string,
  gpu: GpuDevice,
  dataset: Dataset,
  result: TrainResult,
): Promise<string> {
  const config = JSON.parse(await Deno.readTextFile(`${out}/config.json`));
  const summary = {
    model: config.model,
    dataset: { name: dataset.name, ...datasetStatistics(dataset) },
    adapter: gpu.adapterName,
    config,
    ...result,
    peakGpuBytes: gpu.peakBytes,
  };
  const json = JSON.stringify(summary, null, 2);
  await writeAtomically(`${out}/summary.json`, json + "\n");
  return json;
}

/** What three users bought and may like; for datasets that say what items are called. */
async function showRecommendations(
  gpu: GpuDevice,
  model: BuiltModel,
  dataset: Dataset,
): Promise<void> {
  if (dataset.titles.size === 0) return;
  const seen = seenBefore(dataset, "test");
  const users = [0, 1, 2].map((third) => Math.floor((third + 0.5) * dataset.userCount / 3));
  const lists = await recommend(gpu, model, dataset, { users, k: 5 });
  users.forEach((user, i) => {
    const [bought, heldOut] = [seen, dataset.test].map((split) => [...rowOf(split, user)]);
    const report = { user, bought: bought!, heldOut: heldOut!, recommended: lists[i]! };
    console.log("\n" + describeUser(report, dataset.titles));
  });
}

function describeMemory(
  { model, dataset, peakGpuBytes }: { model: string; dataset: string; peakGpuBytes: number },
): string {
  const memory = formatBytes(peakGpuBytes);
  return `${model} on ${dataset}: training and ranking take ${memory} of GPU memory.`;
}

function helpOf(kind: ModelKind, settings: ModelSettings, { training }: Preset): string {
  const { learningRate, weightDecay, l2 = 0, batchSize, epochs, patience } = training;
  return [
    HELP,
    "",
    `${kind.title}: --model ${kind.name} also has`,
    "",
    describeOptions(kind, settings),
    "",
    `and trains ${epochs} epochs with batch-size ${batchSize}, learning-rate ${learningRate}, ` +
    `weight-decay ${weightDecay}, l2 ${l2}` +
    (patience === undefined ? "." : `, patience ${patience}.`),
  ].join("\n");
}

/** Progress lines of what is computed before training, where it takes more than two seconds. */
function trackPreparation(): (what: string, share: number) => void {
  let current = "";
  let start = 0;
  let progress: Progress | undefined;
  return (what, share) => {
    if (what !== current) {
      current = what;
      start = performance.now();
      progress = undefined;
    }
    if (performance.now() - start < 2000) return;
    progress ??= createProgress({ label: what, total: 100, unit: "%" });
    progress.update(Math.floor(100 * share));
    if (share >= 1) progress.finish();
  };
}

/** A progress line of all epochs, with the ETA from those that this run trains. */
function trackEpochs(epochs: number): { report(report: EpochReport): void; finish(): void } {
  let progress: Progress | undefined;
  return {
    report({ epoch, loss, seconds, best }) {
      // The time until the first report is not that of an epoch alone: it does not count.
      progress ??= createProgress({
        label: "train",
        total: epochs,
        unit: "epochs",
        before: epoch,
      });
      const notes = [`best NDCG@20 ${best.ndcg.toFixed(4)} at epoch ${best.epoch}`];
      if (seconds !== undefined) notes.unshift(`${seconds.toFixed(2)} s/epoch`);
      if (loss !== undefined) notes.unshift(`loss ${loss.toFixed(4)}`);
      progress.update(epoch, notes.join(", "));
    },
    finish: () => progress?.finish(),
  };
}

function describe(
  { valid, test, bestEpoch, epochs, secondsPerEpoch }: TrainResult,
  popularity: Metrics,
  peakBytes: number,
  out: string,
): string {
  const rows = Object.entries({ validation: valid, test, "test, best-sellers": popularity });
  const names = Object.keys(test);
  const cells = rows.map(([label, metrics]) => [
    label,
    ...names.map((name) => metrics[name]!.toFixed(4)),
  ]);
  return [
    formatTable(["", ...names], cells),
    "",
    `best epoch ${bestEpoch} of ${epochs}, ${secondsPerEpoch.toFixed(2)} s per epoch, ` +
    `${formatBytes(peakBytes)} of GPU memory at most`,
    `saved in ${out}`,
  ].join("\n");
}

if (import.meta.main) await runScript(main);
