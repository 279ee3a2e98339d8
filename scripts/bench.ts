/**
 * Measures how fast and how large the whole program is: kernels, steps, epochs, ranking, preparation,
 * memory, growth, and a PyTorch program beside it.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { resolve } from "node:path";
import { runBenchmark } from "./bench/benchmark.ts";
import { ASKING, countRanking, LARGE_SHOP, measureRanking } from "./bench/ranking_scale.ts";
import {
  formatBenchmark,
  formatRankings,
  formatSchedules,
  formatTraining,
} from "./bench/report.ts";
import { HUGE_GRAPH, LARGE_GRAPH } from "./bench/large_graph.ts";
import { countTraining, trainSteps } from "./bench/training_scale.ts";
import { scheduleDataset, scheduleGenerated } from "./bench/schedule.ts";
import { SEED } from "./bench/workload.ts";
import type { Dataset } from "../src/data/dataset.ts";
import { babyDegrees, generateDataset } from "./bench/generated_graph.ts";
import { isThere } from "../src/files/is_there.ts";
import { loadDataset } from "../src/data/load_dataset.ts";
import { InputError } from "../src/input_error.ts";
import { rejectUnknown, runScript, toNumber } from "./cli/command_line.ts";
import { definitionOf } from "../src/models/define_model.ts";
import { stair } from "../src/models/stair.ts";

const SHARED = resolve(import.meta.dirname!, "../../shared");
const DEFAULT_DATA = resolve(SHARED, "data/baby");
const DEFAULT_PEER = resolve(SHARED, "reference/stair_torch.py");

const HELP =
  `Measures each kernel of a training step, steps, epochs, ranking, preparation and GPU memory.

usage: deno task bench [options]

  --data DIR              dataset folder (default ../shared/data/baby; where that is missing,
                          a generated graph as large)
  --epochs N              epochs per model, of which the median is told (default 2)
  --electronics           also prepare features as large as Electronics' (63,001 × 4,096): for hardware
  --growth                also time steps on generated graphs of the dataset's degrees,
                          1, 2, 4, 8 … times as large
  --largest N             how many times at most (default 16)
  --peer [PATH]           also run a PyTorch program, alternating with ours epoch by epoch
                          (default ../shared/reference/stair_torch.py; needs python3 with torch)
  --peer-device NAME      where PyTorch runs: cpu (default), cuda, …
  --schedule              tell only, on paper and without a GPU, how long passes over the dataset's
                          graphs and over generated ones wait for long rows
  --ranking               tell only what ranking takes at scale: recorded for a million users × 300,000
                          items, and done for 10,000 users on a generated graph of 20 million
                          interactions
  --training              tell only what training takes at scale: counted for 100 million interactions
                          of 8 million users and items, and done for ten steps on the graph of
                          20 million
  --json                  print everything as JSON, and nothing else, on stdout
  --help

Settings are those of ${
    Object.keys(definitionOf(stair).presets).join(", ")
  }, by the folder's name; baby's otherwise.

example: deno task bench --data ../shared/data/baby --growth --largest 4`;

const OPTIONS = {
  boolean: ["help", "json", "electronics", "growth", "schedule", "ranking", "training"],
  string: ["data", "epochs", "largest", "peer", "peer-device"],
};

async function main(): Promise<void> {
  const given = parseArgs(Deno.args, { ...OPTIONS, unknown: rejectUnknown });
  if (given.help) return console.log(HELP);
  const epochs = wholeFromOne("epochs", given.epochs) ?? 2;
  const largest = wholeFromOne("largest", given.largest) ?? 16;
  if (given.largest !== undefined && !given.growth) {
    throw new InputError("--largest needs --growth.");
  }
  if (given["peer-device"] !== undefined && given.peer === undefined) {
    throw new InputError("--peer-device needs --peer.");
  }
  const onProgress = (what: string) => console.error(what);
  const measuring = MEASURING.filter((name) => (given[name] ?? false) !== false);
  if (given.schedule) {
    if (measuring.length > 0) {
      throw new InputError(
        `--${measuring[0]} is no use beside --schedule, which measures nothing.`,
      );
    }
    return printSchedules(await chooseDataset(given.data), given.json);
  }
  for (const alone of ["ranking", "training"] as const) {
    if (!given[alone]) continue;
    const other = given.data === undefined ? measuring.find((name) => name !== alone) : "data";
    if (other !== undefined) {
      throw new InputError(`--${other} is no use beside --${alone}, which measures nothing else.`);
    }
    return await (alone === "ranking" ? printRankings : printTraining)(given.json, onProgress);
  }
  const benchmark = await runBenchmark(await chooseDataset(given.data), {
    epochs,
    electronics: given.electronics,
    largest: given.growth ? largest : undefined,
    peer: given.peer === undefined ? undefined : {
      path: given.peer || DEFAULT_PEER,
      device: given["peer-device"] || "cpu",
    },
    onProgress,
  });
  console.log(given.json ? JSON.stringify(benchmark, null, 2) : formatBenchmark(benchmark));
}

/** Options that say what to measure. */
const MEASURING = [
  "epochs",
  "electronics",
  "growth",
  "largest",
  "peer",
  "peer-device",
  "ranking",
  "training",
] as const;

function printSchedules(dataset: Dataset, json: boolean): void {
  const schedules = [...scheduleDataset(dataset), ...scheduleGenerated()];
  console.log(json ? JSON.stringify(schedules, null, 2) : formatSchedules(schedules));
}

async function printRankings(
  json: boolean,
  onProgress: (what: string) => void,
): Promise<void> {
  const recorded = await countRanking(LARGE_SHOP);
  const measured = await measureRanking(LARGE_GRAPH, ASKING, onProgress);
  console.log(
    json ? JSON.stringify({ recorded, measured }, null, 2) : formatRankings(recorded, measured),
  );
}

async function printTraining(json: boolean, onProgress: (what: string) => void): Promise<void> {
  const trained = await trainSteps(LARGE_GRAPH, onProgress);
  const counted = await countTraining(HUGE_GRAPH, onProgress);
  console.log(
    json ? JSON.stringify({ counted, trained }, null, 2) : formatTraining(counted, trained),
  );
}

/** The folder asked for, Baby where it is at hand, or a generated graph as large. */
async function chooseDataset(folder: string | undefined): Promise<Dataset> {
  if (folder !== undefined) return await loadDataset(folder);
  return await isThere(DEFAULT_DATA)
    ? await loadDataset(DEFAULT_DATA)
    : generateDataset("baby-shaped", babyDegrees(), SEED);
}

function wholeFromOne(name: string, text: string | undefined): number | undefined {
  const value = toNumber(name, text);
  if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
    throw new InputError(`--${name} is ${value}, but must be a whole number from 1.`);
  }
  return value;
}

if (import.meta.main) await runScript(main);
