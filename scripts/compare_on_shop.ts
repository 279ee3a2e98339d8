/**
 * Does STAIR win on the embedded shop? Popularity, MF-BPR, LightGCN and STAIR by the same protocol.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { deviation, mean } from "d3-array";
import { resolve } from "node:path";
import type { Dataset } from "../src/data/dataset.ts";
import { loadDataset } from "../src/data/load_dataset.ts";
import { rankingMetrics } from "../src/evaluation/metrics.ts";
import { rankByPopularity } from "../src/evaluation/popularity.ts";
import { seenBefore } from "../src/evaluation/ranking.ts";
import { pairedTTest } from "../src/evaluation/significance.ts";
import { type Gpu, openGpu } from "../src/gpu/device.ts";
import { models } from "../src/models/registry.ts";
import { rejectUnknown, requireNumber, runScript } from "../src/report/command_line.ts";
import { createProgress } from "../src/report/progress.ts";
import { formatTable } from "../src/report/table.ts";
import { presetFor } from "../src/training/presets.ts";
import { train, type TrainResult } from "../src/training/train.ts";

const HELP = `Compares STAIR with popularity, MF-BPR and LightGCN on the embedded shop.

Each model takes, of four settings of learning rate and weight decay, the one that validates best with
the first seed, and is then trained with every seed. A paired t-test over seeds compares test NDCG@20.

usage: deno task compare [--data DIR] [--seeds 5] [--json]

example: deno task compare --seeds 5`;

const TRAINED = ["mf_bpr", "lightgcn", "stair"];
const SETTINGS = [0.003, 0.01].flatMap((learningRate) =>
  [0.3, 1].map((weightDecay) => ({ learningRate, weightDecay }))
);

type Setting = typeof SETTINGS[number];

interface Comparison {
  readonly model: string;
  readonly setting?: Setting;
  readonly recall: readonly number[];
  readonly ndcg: readonly number[];
  readonly secondsPerEpoch?: number;
}

async function main(): Promise<void> {
  const options = parseArgs(Deno.args, {
    boolean: ["help", "json"],
    string: ["data", "seeds"],
    unknown: rejectUnknown,
  });
  if (options.help) return console.log(HELP);
  const seeds = Array.from(
    { length: requireNumber("seeds", options.seeds ?? "5") },
    (_, index) => index + 1,
  );
  const folder = options.data ?? resolve(import.meta.dirname!, "../data/shop");
  const dataset = await loadDataset(folder);
  using gpu = await openGpu();
  const runs = TRAINED.length * (SETTINGS.length + seeds.length - 1);
  const progress = createProgress({ label: "compare", total: runs, unit: "runs" });
  let done = 0;
  const fit = async (model: string, setting: Setting, seed: number): Promise<TrainResult> => {
    const result = await trainOnce(gpu, dataset, model, setting, seed);
    progress.update(
      ++done,
      `${model} seed ${seed}: test NDCG@20 ${result.test["ndcg@20"]!.toFixed(4)}`,
    );
    return result;
  };

  const comparisons: Comparison[] = [popularity(dataset, seeds.length)];
  for (const model of TRAINED) {
    const tried = [];
    for (const setting of SETTINGS) {
      tried.push({ setting, result: await fit(model, setting, seeds[0]!) });
    }
    tried.sort((a, b) => b.result.valid["ndcg@20"]! - a.result.valid["ndcg@20"]!);
    const { setting, result } = tried[0]!;
    const results = [result];
    for (const seed of seeds.slice(1)) results.push(await fit(model, setting, seed));
    comparisons.push({
      model,
      setting,
      recall: results.map(({ test }) => test["recall@20"]!),
      ndcg: results.map(({ test }) => test["ndcg@20"]!),
      secondsPerEpoch: mean(results, ({ secondsPerEpoch }: TrainResult) => secondsPerEpoch),
    });
  }
  progress.finish();
  const rows = comparisons.map((comparison) => describe(comparison, comparisons.at(-1)!));
  console.log(options.json ? JSON.stringify(rows, null, 2) : tableOf(rows));
}

async function trainOnce(
  gpu: Gpu,
  dataset: Dataset,
  name: string,
  setting: Setting,
  seed: number,
): Promise<TrainResult> {
  const preset = presetFor("shop");
  const settings = { ...preset.model, seed };
  using model = await models[name]!.create(gpu, dataset, settings, { cacheFolder: "runs/.cache" });
  return await train(gpu, model, dataset, { ...preset.training, ...setting, seed });
}

/** Popularity has no seed: every run is the same. */
function popularity(dataset: Dataset, seeds: number): Comparison {
  const ranked = rankByPopularity(dataset.train, seenBefore(dataset, "test"), 20);
  const test = rankingMetrics(ranked, 20, dataset.test, [20]);
  const repeat = (name: string) => new Array<number>(seeds).fill(test[name]!);
  return { model: "popularity", recall: repeat("recall@20"), ndcg: repeat("ndcg@20") };
}

interface Row {
  readonly model: string;
  readonly learningRate?: number;
  readonly weightDecay?: number;
  readonly recall: { readonly mean: number; readonly deviation: number };
  readonly ndcg: { readonly mean: number; readonly deviation: number };
  readonly pValue?: number;
  readonly secondsPerEpoch?: number;
}

function describe(
  { model, setting, recall, ndcg, secondsPerEpoch }: Comparison,
  stair: Comparison,
): Row {
  const summary = (values: readonly number[]) => ({
    mean: mean(values)!,
    deviation: deviation(values) ?? 0,
  });
  const rival = model !== stair.model && ndcg.length > 1;
  return {
    model,
    ...setting,
    recall: summary(recall),
    ndcg: summary(ndcg),
    ...(rival ? { pValue: pairedTTest(stair.ndcg, ndcg).pValue } : {}),
    secondsPerEpoch,
  };
}

function tableOf(rows: readonly Row[]): string {
  const spread = ({ mean, deviation }: Row["ndcg"]) =>
    `${mean.toFixed(4)} ± ${deviation.toFixed(4)}`;
  const header = [
    "model",
    "lr",
    "decay",
    "Recall@20",
    "NDCG@20",
    "p (STAIR better)",
    "s per epoch",
  ];
  return formatTable(
    header,
    rows.map((row) => [
      row.model,
      String(row.learningRate ?? ""),
      String(row.weightDecay ?? ""),
      spread(row.recall),
      spread(row.ndcg),
      row.pValue?.toExponential(1) ?? "",
      row.secondsPerEpoch?.toFixed(2) ?? "",
    ]),
  );
}

if (import.meta.main) await runScript(main);
