/**
 * What a model costs as a whole: seconds per epoch, seconds per ranking, GPU memory (paper, Table 3).
 *
 * @module
 */
import { median, sum } from "d3-array";
import { createRanker } from "../../src/evaluation/ranking.ts";
import { openDevice } from "../../src/gpu/device.ts";
import { secondsOf } from "./timing.ts";
import type { BuiltModel } from "../../src/models/model.ts";
import { Trainer } from "../../src/training/trainer.ts";
import { countRun, createModel, SEED, type Workload } from "./workload.ts";

/** The paper's longest list. */
const LIST_LENGTH = 20;

/** The models that are measured: the paper's name, and the kind in src/models/registry.ts. */
const MODELS: readonly (readonly [name: string, kind: string])[] = [
  ["STAIR", "stair"],
  ["LightGCN", "lightgcn"],
  ["MF-BPR", "mf_bpr"],
];

/** What was measured of a model. */
export interface ModelCosts {
  /** The paper's name. */
  readonly model: string;
  /** Seconds of each epoch, the next one's sampling alongside. */
  readonly epochSeconds: readonly number[];
  /** Median of these. */
  readonly secondsPerEpoch: number;
  /** How often the GPU was waited for, per epoch: epochs without an evaluation between them are waited for together. */
  readonly waitsPerEpoch: number;
  /** Submissions per second of training. */
  readonly submitsPerSecond: number;
  /** Seconds of ranking all items for all users the second time, lists read back. */
  readonly rankingSeconds: number;
  /** How often the GPU was waited for meanwhile. */
  readonly rankingWaits: number;
  /** The most GPU memory at once that a run takes, as {@linkcode countRun} counts it. */
  readonly peakGpuBytes: number;
}

/**
 * Trains each model for some epochs and ranks, each on a device of its own.
 *
 * @throws {GpuError} when the GPU fails.
 */
export async function measureModels(workload: Workload, epochs: number): Promise<ModelCosts[]> {
  const costs: ModelCosts[] = [];
  for (const [name, kind] of MODELS) {
    workload.onProgress(`${name}: preparation`);
    using gpu = await openDevice();
    using model = await createModel(gpu, kind, workload);
    const times = await trainAndRank(model, name, workload, epochs);
    costs.push({ model: name, ...times, peakGpuBytes: await countRun(kind, workload.dataset) });
  }
  return costs;
}

/** Trains some epochs and ranks, sharing memory as a whole training run does. */
async function trainAndRank(
  model: BuiltModel,
  name: string,
  { dataset: { train }, onProgress }: Workload,
  epochs: number,
): Promise<Omit<ModelCosts, "model" | "peakGpuBytes">> {
  using trainer = new Trainer(model, train, { ...model.training, seed: SEED });
  using ranker = createRanker(model, train, LIST_LENGTH, trainer.scratch);
  const { gpu } = model;
  const epochSeconds: number[] = [];
  let { waits } = gpu;
  const { submits } = gpu;
  while (epochSeconds.length < epochs) {
    onProgress(`${name}: epoch ${epochSeconds.length + 1} of ${epochs}`);
    const results = await trainer.runEpochs(epochs - epochSeconds.length);
    epochSeconds.push(...results.map(({ seconds }) => seconds));
  }
  const waitsPerEpoch = (gpu.waits - waits) / epochs;
  const submitsPerSecond = (gpu.submits - submits) / sum(epochSeconds);
  onProgress(`${name}: ranking`);
  await ranker.rank(); // the first ranking compiles shaders and is not measured
  waits = gpu.waits;
  const rankingSeconds = await secondsOf(() => ranker.rank());
  return {
    epochSeconds,
    secondsPerEpoch: median(epochSeconds)!,
    waitsPerEpoch,
    submitsPerSecond,
    rankingSeconds,
    rankingWaits: gpu.waits - waits,
  };
}
