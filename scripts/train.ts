/**
 * Trains a model on a dataset and reports its ranking quality.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { basename, resolve } from "node:path";
import { loadDataset } from "../src/data/load_dataset.ts";
import { datasetStatistics } from "../src/data/statistics.ts";
import { writeAtomically } from "../src/data/write_atomically.ts";
import { openGpu } from "../src/gpu/device.ts";
import { InputError } from "../src/input_error.ts";
import { createStair } from "../src/models/stair.ts";
import { rejectUnknown, runScript, toNumber } from "../src/report/command_line.ts";
import {
  createProgress,
  formatBytes,
  formatDuration,
  type Progress,
} from "../src/report/progress.ts";
import { formatTable } from "../src/report/table.ts";
import { type Preset, presets } from "../src/training/presets.ts";
import { type EpochReport, train, type TrainResult } from "../src/training/train.ts";

const HELP = `Trains STAIR on a dataset, keeps the state that validates best and tests it once.

usage: deno task train [options]

  --data DIR              dataset folder: MMRec, freerec, LATTICE or CSV layout
  --preset NAME           published settings: ${Object.keys(presets).join(", ")}
                          (by the folder's name if it is one of these, otherwise baby)
  --epochs N              epochs to train
  --batch-size N          triples per step
  --learning-rate X
  --weight-decay X        decoupled (AdamW)
  --gamma X               how fast layer weights change along the columns (paper, Eq. 2)
  --layers N              layers of both convolutions
  --dim N                 embedding width, a multiple of 4 up to 256
  --neighbors LIST        neighbours per modality, such as text=5,image=1
  --seed N                seed of order and negatives (default 1)
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
  const number = (name: string): number | undefined => toNumber(name, options[name]);
  const folder = String(options.data ?? resolve(import.meta.dirname!, "../data/shop"));
  const preset = choosePreset(options.preset as string | undefined, folder);
  const seed = number("seed") ?? 1;

  using gpu = await openGpu();
  const dataset = await loadDataset(folder);
  const out = String(options.out ?? `runs/${dataset.name}-stair-${seed}`);
  const settings = {
    gamma: number("gamma") ?? preset.model.gamma,
    layers: number("layers") ?? preset.model.layers,
    dim: number("dim") ?? preset.model.dim,
    neighbors: { ...preset.model.neighbors, ...parseNeighbors(options.neighbors) },
  };
  console.error(`preparing ${dataset.name} on ${gpu.adapterName}`);
  using model = await createStair(gpu, dataset, settings, {
    cacheFolder: CACHE_FOLDER,
    onProgress: trackPreparation(),
  });

  const epochs = number("epochs") ?? preset.training.epochs;
  const progress = trackEpochs(epochs);
  const result = await train(gpu, model, dataset, {
    learningRate: number("learning-rate") ?? preset.training.learningRate,
    weightDecay: number("weight-decay") ?? preset.training.weightDecay,
    batchSize: number("batch-size") ?? preset.training.batchSize,
    epochs,
    seed,
    evalEvery: number("eval-every"),
    patience: number("patience"),
    out,
    resume: options.resume === true,
    signal: abortOnInterrupt(),
    onEpoch: progress.report,
  });
  progress.finish();
  if (result.ended === "interrupted") {
    console.error(`stopped after epoch ${result.epochs}; go on with --resume --out ${out}`);
    return 130;
  }
  const summary = {
    model: model.name,
    dataset: { name: dataset.name, ...datasetStatistics(dataset) },
    adapter: gpu.adapterName,
    config: JSON.parse(await Deno.readTextFile(`${out}/config.json`)),
    ...result,
    peakGpuBytes: gpu.peakBytes,
  };
  const json = JSON.stringify(summary, null, 2);
  await writeAtomically(`${out}/summary.json`, json + "\n");
  console.log(options.json ? json : describe(result, gpu.peakBytes, out));
}

function choosePreset(name: string | undefined, folder: string): Preset {
  const preset = presets[name ?? basename(folder)] ?? (name === undefined && presets.baby);
  if (!preset) {
    throw new InputError(`--preset is "${name}", but must be ${Object.keys(presets).join(", ")}.`);
  }
  return preset;
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
        start = loss === undefined ? epoch : epoch - 1;
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

function describe(result: TrainResult, peakBytes: number, out: string): string {
  const names = Object.keys(result.test);
  const row = (split: "valid" | "test") => [
    split,
    ...names.map((name) => result[split][name]!.toFixed(4)),
  ];
  return [
    formatTable(["split", ...names], [row("valid"), row("test")]),
    "",
    `best epoch ${result.bestEpoch} of ${result.epochs}, ` +
    `${result.secondsPerEpoch.toFixed(2)} s per epoch (${
      formatDuration(result.secondsPerEpoch * result.epochs)
    } in all), ${formatBytes(peakBytes)} of GPU memory at most`,
    `saved in ${out}`,
  ].join("\n");
}

if (import.meta.main) await runScript(main);
