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
import { writeAtomically } from "../src/data/write_atomically.ts";
import { readTitles } from "../src/data/titles.ts";
import { type Metrics, rankingMetrics } from "../src/evaluation/metrics.ts";
import { rankByPopularity } from "../src/evaluation/popularity.ts";
import { CUTOFFS, seenBefore } from "../src/evaluation/ranking.ts";
import { recommend } from "../src/evaluation/recommend.ts";
import { type Gpu, openGpu } from "../src/gpu/device.ts";
import { InputError } from "../src/input_error.ts";
import type { Model } from "../src/models/model.ts";
import { type ModelKind, models, type ModelSettings } from "../src/models/registry.ts";
import { rejectUnknown, runScript, toNumber } from "../src/report/command_line.ts";
import { createProgress, formatBytes, type Progress } from "../src/report/progress.ts";
import { describeUser } from "../src/report/recommendations.ts";
import { formatTable } from "../src/report/table.ts";
import { rowOf } from "../src/sparse/csr.ts";
import { type Preset, presetFor, presets } from "../src/training/presets.ts";
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
  --preset NAME           settings of ${Object.keys(presets).join(", ")}
                          (by the folder's name if it is one of these, otherwise baby)
  --model NAME            ${Object.keys(models).join(", ")} (default stair)
  --epochs N              epochs to train
  --batch-size N          triples per step
  --learning-rate X
  --weight-decay X        decoupled (AdamW)
  --gamma X               stair: how fast layer weights change along the columns (paper, Eq. 2)
  --neighbors LIST        stair: neighbours per modality, such as text=5,image=1
  --layers N              layers of graph convolution
  --dim N                 embedding width, a multiple of 4 up to 256
  --seed N                seed of everything random (default 1)
  --eval-every N          epochs between evaluations (default 5)
  --patience N            evaluations without a better one after which to stop (default: never)
  --out DIR               run folder (default runs/DATASET-MODEL-SEED)
  --resume                go on with the run in that folder
  --json                  print the summary as JSON, and nothing else, on stdout
  --help

The run folder gets config.json, metrics.csv, best.safetensors, last.safetensors and summary.json.
Ctrl-C ends the run after the epoch at work; --resume goes on with the same bits.

example: deno task train --data ../shared/data/baby --preset baby --epochs 20`;

/** Neighbour lists and whitened features are kept here, by the content they come from. */
const CACHE_FOLDER = "runs/.cache";

const OPTIONS = {
  boolean: ["help", "json", "resume"],
  string: [
    "data",
    "preset",
    "model",
    "epochs",
    "batch-size",
    "learning-rate",
    "weight-decay",
    "gamma",
    "layers",
    "dim",
    "neighbors",
    "seed",
    "eval-every",
    "patience",
    "out",
  ],
};

type Options = Record<string, string | boolean | undefined>;

async function main(): Promise<number | void> {
  const options = parseArgs(Deno.args, { ...OPTIONS, unknown: rejectUnknown }) as Options;
  if (options.help) return console.log(HELP);
  const folder = String(options.data ?? resolve(import.meta.dirname!, "../data/shop"));
  const preset = choosePreset(options.preset as string | undefined, folder);
  const kind = chooseModel(options);
  const settings = modelSettings(options, preset);
  const training = trainingOptions(options, preset);
  requireTrainOptions(training);

  using gpu = await openGpu();
  const dataset = await loadDataset(folder);
  const titles = await readTitles(folder);
  console.error(`preparing ${dataset.name} on ${gpu.adapterName}`);
  const preparation = { cacheFolder: CACHE_FOLDER, onProgress: trackPreparation() };
  using model = await kind.create(gpu, dataset, settings, preparation);
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
  console.log(describe(result, popularityMetrics(dataset), gpu.peakBytes, out));
  await showRecommendations(gpu, model, dataset, titles);
}

function modelSettings(options: Options, { model }: Preset): ModelSettings {
  return {
    gamma: toNumber("gamma", options.gamma) ?? model.gamma,
    layers: toNumber("layers", options.layers) ?? model.layers,
    dim: toNumber("dim", options.dim) ?? model.dim,
    neighbors: { ...model.neighbors, ...parseNeighbors(options.neighbors) },
    seed: toNumber("seed", options.seed) ?? 1,
  };
}

function trainingOptions(options: Options, { training }: Preset): TrainOptions {
  const number = (name: string): number | undefined => toNumber(name, options[name]);
  return {
    learningRate: number("learning-rate") ?? training.learningRate,
    weightDecay: number("weight-decay") ?? training.weightDecay,
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
  gpu: Gpu,
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

/** Options that only some models have. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  lightgcn: ["gamma", "neighbors"],
  mf_bpr: ["gamma", "neighbors", "layers"],
};

function chooseModel(options: Options): ModelKind {
  const name = String(options.model ?? "stair");
  if (!Object.hasOwn(models, name)) {
    throw new InputError(`--model is "${name}", but must be ${Object.keys(models).join(", ")}.`);
  }
  const foreign = FOREIGN[name]?.find((option) => options[option] !== undefined);
  if (foreign) throw new InputError(`--${foreign} is not an option of ${name}.`);
  return models[name]!;
}

/** What three users bought and may like; for datasets that say what items are called. */
async function showRecommendations(
  gpu: Gpu,
  model: Model,
  dataset: Dataset,
  titles: ReadonlyMap<number, string>,
): Promise<void> {
  if (titles.size === 0) return;
  const seen = seenBefore(dataset, "test");
  for (const user of [0, 1, 2].map((third) => Math.floor((third + 0.5) * dataset.userCount / 3))) {
    const recommended = await recommend(gpu, model, seen, user, 5);
    const [bought, heldOut] = [seen, dataset.test].map((split) => [...rowOf(split, user)]);
    const report = { user, bought: bought!, heldOut: heldOut!, recommended };
    console.log("\n" + describeUser(report, titles));
  }
}

function choosePreset(name: string | undefined, folder: string): Preset {
  if (name !== undefined && !Object.hasOwn(presets, name)) {
    throw new InputError(`--preset is "${name}", but must be ${Object.keys(presets).join(", ")}.`);
  }
  return presetFor(name ?? basename(resolve(folder)));
}

function parseNeighbors(list: string | boolean | undefined): Record<string, number> {
  if (typeof list !== "string") return {};
  return Object.fromEntries(
    list.split(",").map((part) => {
      const [name, k, ...more] = part.split("=");
      if (!name || !k || more.length > 0) {
        throw new InputError(`--neighbors is "${list}", but must be like text=5,image=1.`);
      }
      return [name, toNumber("neighbors", k)!];
    }),
  );
}

/** The first Ctrl-C lets the epoch at work finish; the second one ends the process. */
function abortOnInterrupt(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) Deno.exit(130);
    console.error("\nstopping after this epoch; once more to stop at once");
    controller.abort();
  };
  Deno.addSignalListener("SIGINT", stop);
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", stop);
  return controller.signal;
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

/** A progress line that counts what this run trains, so that a resumed one has the right ETA. */
function trackEpochs(epochs: number): { report(report: EpochReport): void; finish(): void } {
  let progress: Progress | undefined;
  let start = 0;
  return {
    report({ epoch, loss, seconds, best }) {
      if (!progress) {
        // A resumed run's first report is of an epoch whose time is not known: it does not count.
        start = epoch;
        progress = createProgress({ label: "train", total: epochs - start, unit: "epochs" });
      }
      const notes = [`best NDCG@20 ${best.ndcg.toFixed(4)} at epoch ${best.epoch}`];
      if (seconds !== undefined) notes.unshift(`${seconds.toFixed(2)} s/epoch`);
      if (loss !== undefined) notes.unshift(`loss ${loss.toFixed(4)}`);
      progress.update(epoch - start, notes.join(", "));
    },
    finish: () => progress?.finish(),
  };
}

/** What showing everyone the best-sellers gives: the least that a model must beat. */
function popularityMetrics(dataset: Dataset): Metrics {
  const k = Math.max(...CUTOFFS);
  const ranked = rankByPopularity(dataset.train, seenBefore(dataset, "test"), k);
  return rankingMetrics(ranked, k, dataset.test, CUTOFFS);
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
