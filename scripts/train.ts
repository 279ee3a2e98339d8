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
import type { Metrics } from "../src/evaluation/metrics.ts";
import { seenBefore } from "../src/evaluation/ranking.ts";
import { recommend } from "../src/evaluation/recommend.ts";
import { baselineMetrics } from "./cli/baselines.ts";
import { formatTable } from "../src/experiments/table.ts";
import { CACHE_FOLDER } from "../src/features/preparation.ts";
import { writeAtomically } from "../src/files/write_atomically.ts";
import { openGpu } from "../src/gpu/device.ts";
import { type Preset, presetFor, settingsFor } from "../src/models/define_model.ts";
import type { Model, ModelKind } from "../src/models/model.ts";
import { models } from "../src/models/registry.ts";
import type { ModelSettings } from "../src/models/settings.ts";
import { rowOf } from "../src/sparse/csr.ts";
import { train, type TrainResult } from "../src/training/train.ts";
import { completeTrainOptions, type TrainOptions } from "../src/training/train_options.ts";
import { abortOnInterrupt, rejectUnknown, runScript, toNumber } from "./cli/command_line.ts";
import { findKind } from "./cli/model_kind.ts";
import {
  describeOptions,
  modelOptions,
  type Options,
  requireOwnOptions,
  settingsFrom,
} from "./cli/model_options.ts";
import { countRunMemory } from "./cli/memory.ts";
import { formatBytes } from "./cli/progress.ts";
import { runFolders, weigh } from "./cli/blended_runs.ts";
import { describeUser } from "./cli/recommendations.ts";
import { trackEpochs, trackPreparation } from "./cli/training_progress.ts";

const HELP =
  `Trains a recommender on a dataset, keeps the state that validates best and tests it once.

usage: deno task train [options]

  --data DIR              dataset folder: MMRec, freerec, LATTICE or CSV layout
                          (default: the embedded shop, data/shop)
  --model NAME            ${Object.keys(models).join(", ")}
                          (default stair), or FILE.ts, whose default export defines one; or
                          blend, of --runs A,B[,C], weighted by validation; weights may be given,
                          as A=1,B=3
  --preset NAME           published settings: baby, sports, electronics or shop
                          (by the folder's name if the model has them, otherwise baby)
  --epochs N              epochs to train
  --batch-size N          triples per step
  --learning-rate X
  --weight-decay X        decoupled (AdamW)
  --l2 X                  coupled weight decay: X times the parameter is added to each gradient
  --seed N                seed of everything random (default 1)
  --eval-every N          epochs between evaluations (default 5)
  --patience N            stop after N evaluations in a row without a better one (default: the
                          preset's; on the shop 5, ours; jgcf 10, from its authors; mmgcn 4,
                          from MMRec; others never)
  --metrics LIST          what is measured (default recall@10,recall@20,ndcg@10,ndcg@20); also
                          precision, hit_rate, mrr, map, coverage, gini, mean_popularity
  --select METRIC         whose best validation decides which state is tested (default ndcg@20)
  --out DIR               run folder (default runs/DATASET-MODEL-SEED)
  --resume                go on with the run in that folder
  --dry-run               print the memory that training and ranking take, and end
  --json                  print the summary as JSON, and nothing else, on stdout
  -h, --help              with --model NAME: the options of that model, too

The run folder gets config.json, metrics.csv, best.safetensors, last.safetensors and summary.json.
Ctrl-C ends the run after the epoch at work; --resume goes on with the same bits.

example: deno task train --epochs 20
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
    "metrics",
    "select",
    "out",
  ],
  alias: { h: "help" },
};

async function main(): Promise<number | void> {
  const { model: modelName = "stair" } = parseArgs(Deno.args, { string: ["model"] });
  const kind = await findKind(modelName);
  const string = [...OPTIONS.string, ...modelOptions([...Object.values(models), kind])];
  const options: Options = parseArgs(Deno.args, { ...OPTIONS, string, unknown: rejectUnknown });
  requireOwnOptions(kind, options);
  const folder = String(options.data ?? resolve(import.meta.dirname!, "../data/shop"));
  const name = basename(resolve(folder)), { preset: asked } = options;
  if (options.help) {
    const { settings } = settingsFor(kind, name, { preset: asked });
    return console.log(options.model ? helpOf(kind, settings, presetFor(kind, name, asked)) : HELP);
  }
  const seed = toNumber("seed", options.seed);
  const blended = kind.name === "blend" ? runFolders(options) : undefined;
  const own = blended
    ? { ...settingsFrom(kind, { ...options, runs: undefined }), runs: blended.weights }
    : settingsFrom(kind, options);
  const given = { ...own, preset: asked, seed };
  const planned = settingsFor(kind, name, given), { settings } = planned;
  const training = completeTrainOptions(planned, trainingOptions(options));

  const data = await loadDataset(folder);
  if (options["dry-run"]) {
    return await printMemory(kind, data, settings, training, options.json === true);
  }
  using gpu = await openGpu();
  console.error(`preparing ${data.name} on ${gpu.adapterName}`);
  const preparation = { cacheFolder: CACHE_FOLDER, onProgress: trackPreparation() };
  const start = performance.now();
  const complete = blended && !blended.given
    ? { ...settings, runs: await weigh(gpu, data, blended) }
    : settings;
  using model = await kind.create(gpu, data, complete, preparation);
  const made = (performance.now() - start) / 1000;
  const out = String(options.out ?? `runs/${data.name}-${model.name}-${training.seed}`);

  const progress = trackEpochs(training.epochs, training.select);
  const signal = abortOnInterrupt();
  const resume = options.resume === true;
  let result: TrainResult;
  try {
    const onEpoch = progress.report;
    result = await train(model, data, { ...training, out, resume, signal, onEpoch });
  } catch (error) {
    progress.finish();
    if (!signal.aborted) throw error;
    console.error(`stopped; go on with --resume (the run is in ${out})`);
    return 130;
  }
  progress.finish();
  const summary = await writeSummary(out, data, result);
  if (options.json) return console.log(summary);
  const baselines = await baselineMetrics(gpu, data, model, Object.keys(result.test));
  console.log(describe(result, baselines, made, out));
  await showRecommendations(model, data);
}

function trainingOptions(options: Options): TrainOptions {
  const number = (name: string): number | undefined => toNumber(name, options[name]);
  return {
    learningRate: number("learning-rate"),
    weightDecay: number("weight-decay"),
    l2: number("l2"),
    batchSize: number("batch-size"),
    epochs: number("epochs"),
    evalEvery: number("eval-every"),
    patience: number("patience"),
    metrics: options.metrics === undefined ? undefined : String(options.metrics).split(","),
    select: options.select === undefined ? undefined : String(options.select),
  };
}

/** Writes summary.json and returns its text. */
async function writeSummary(
  out: string,
  data: Dataset,
  { history: _, ...result }: TrainResult,
): Promise<string> {
  const config = JSON.parse(await Deno.readTextFile(`${out}/config.json`));
  const summary = {
    model: config.model,
    dataset: { name: data.name, ...datasetStatistics(data) },
    config,
    ...result,
  };
  const json = JSON.stringify(summary, null, 2);
  await writeAtomically(`${out}/summary.json`, json + "\n");
  return json;
}

/** What three users bought and may like; for datasets that say what items are called. */
async function showRecommendations(model: Model, data: Dataset): Promise<void> {
  if (data.titles.size === 0) return;
  const users = [0, 1, 2].map((third) => Math.floor((third + 0.5) * data.userCount / 3));
  const lists = await recommend(model, data, { users, k: 5 });
  const seen = seenBefore(data, "test");
  users.forEach((user, at) => {
    const [bought, heldOut] = [[...rowOf(seen, user)], [...rowOf(data.test, user)]];
    const report = { user, bought, heldOut, recommended: lists[at]! };
    console.log("\n" + describeUser(report, data.titles));
  });
}

/** Prints the memory that a run takes. */
async function printMemory(
  kind: ModelKind,
  data: Dataset,
  settings: ModelSettings,
  training: TrainOptions,
  json: boolean,
): Promise<void> {
  const counted = await countRunMemory(kind, data, settings, training);
  const { gpuBytes: peakGpuBytes, mainBytes: mainMemoryBytes, refused } = counted;
  if (json) {
    const named = { model: kind.name, dataset: data.name };
    return console.log(JSON.stringify({ ...named, peakGpuBytes, mainMemoryBytes, refused }));
  }
  console.log(
    `${kind.name} on ${data.name}: training and ranking take ${formatBytes(peakGpuBytes)} of GPU ` +
      `memory, and about ${formatBytes(mainMemoryBytes)} of main memory.`,
  );
  if (refused) console.log(`Not on this GPU: ${refused}`);
}

function helpOf(kind: ModelKind, settings: ModelSettings, preset: Preset): string {
  return [
    HELP,
    "",
    `${kind.title}: --model ${kind.name} also has`,
    "",
    describeOptions(kind, settings),
    "",
    `and ${howTrained(preset)} (${preset.source}).`,
  ].join("\n");
}

function howTrained({ training }: Preset): string {
  const { learningRate, weightDecay, l2 = 0, batchSize, epochs, patience, asWhole } = training;
  if (epochs === 0) return "is computed, not trained";
  const most = `trains at most ${epochs} epochs`;
  if (asWhole) return `${most}, each of all users and items`;
  return `${most} with batch-size ${batchSize}, learning-rate ${learningRate}, weight-decay ` +
    `${weightDecay}, l2 ${l2}, ${patience === undefined ? "no patience" : `patience ${patience}`}`;
}

function describe(
  { valid, test, bestEpoch, epochs, secondsPerEpoch, peakGpuBytes }: TrainResult,
  baselines: Readonly<Record<string, Metrics>>,
  secondsToMake: number,
  out: string,
): string {
  const names = Object.keys(test);
  const rows = [
    ...Object.entries({ validation: valid, test }),
    ...Object.entries(baselines).map(([name, metrics]) => [`test, ${name}`, metrics] as const),
  ];
  const cells = rows.map(([label, metrics]) => [
    label,
    ...names.map((name) => metrics[name]!.toFixed(4)),
  ]);
  return [
    formatTable(["", ...names], cells),
    "",
    (epochs > 0
      ? `best epoch ${bestEpoch} of ${epochs}, ${secondsPerEpoch.toFixed(2)} s per epoch, `
      : `computed in ${secondsToMake.toFixed(1)} s, `) +
    `${formatBytes(peakGpuBytes)} of GPU memory at most`,
    `saved in ${out}`,
  ].join("\n");
}

if (import.meta.main) await runScript(main);
