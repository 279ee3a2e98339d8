/**
 * Which weights a blend of runs should have, by validation.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { createEvaluator } from "../evaluation/ranking.ts";
import type { PreparationOptions } from "../features/preparation.ts";
import { deviceOf, type Gpu } from "../gpu/device.ts";
import { InputError } from "../input_error.ts";
import { blendParts, openBlended } from "../models/blend.ts";
import { settingsFor } from "../models/define_model.ts";
import { assembleModel } from "../models/model.ts";
import { blend, openRun } from "../runs/open_run.ts";
import { SELECTED } from "../training/train_options.ts";

/** Weights beside 1, the first run's. */
const TRIED = [1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 1, 1.5, 2, 3, 4, 6];

/** How the weights of a blend are chosen. */
export interface BlendWeightsOptions extends Pick<PreparationOptions, "cacheFolder"> {
  /** The metric whose validation decides; "ndcg@20" unless told. */
  readonly select?: string;
  /** Told of every evaluation. */
  readonly onProgress?: (done: number, total: number, best: number) => void;
}

/**
 * Weights of runs by their folders: 1 for the first; for each of the others, one after the other and twice over where
 * there are several, what validates best beside the rest.
 *
 * @throws {InputError} when there are fewer than two runs, or one cannot be opened or is of another dataset.
 * @throws {GpuError} when the GPU fails.
 */
export async function blendWeights(
  gpu: Gpu,
  data: Dataset,
  folders: readonly string[],
  { select = SELECTED, onProgress, cacheFolder }: BlendWeightsOptions = {},
): Promise<Record<string, number>> {
  if (new Set(folders).size < 2) throw new InputError("A blend needs two different runs at least.");
  const device = deviceOf(gpu);
  using blended = await openBlended(device, data, folders, openRun, { cacheFolder });
  const evaluate = async (weights: Readonly<Record<string, number>>): Promise<number> => {
    const { settings, training } = settingsFor(blend, data.name, { runs: weights });
    const parts = blendParts(device, data, blended, weights);
    using model = assembleModel({ gpu: device, kind: blend, data, settings, training }, parts);
    using evaluator = createEvaluator(model, data, "valid", { metrics: [select] });
    return (await evaluator.evaluate())[select]!;
  };
  let weights = Object.fromEntries(folders.map((folder) => [folder, 1]));
  let best = await evaluate(weights);
  const others = folders.slice(1), passes = others.length > 1 ? 2 : 1;
  const total = 1 + passes * others.length * (TRIED.length - 1);
  let done = 1;
  onProgress?.(done, total, best);
  for (const folder of Array.from({ length: passes }, () => others).flat()) {
    const before = weights[folder];
    for (const weight of TRIED.filter((one) => one !== before)) {
      const tried = { ...weights, [folder]: weight };
      const value = await evaluate(tried);
      if (value > best) [weights, best] = [tried, value];
      onProgress?.(++done, total, best);
    }
  }
  return weights;
}
