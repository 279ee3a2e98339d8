/**
 * How the time of a training step grows with the graph.
 *
 * @module
 */
import { degreesOf, generateDataset, repeatDegrees } from "../data/generated_graph.ts";
import { openGpu } from "../gpu/device.ts";
import { presetFor } from "../models/model.ts";
import { models } from "../models/registry.ts";
import { countMemory } from "../training/count_memory.ts";
import { recordSteps, replaySeconds } from "./recorded_steps.ts";
import { createModel, SEED, type Workload } from "./workload.ts";

/** STAIR's step on a graph some times as large as the dataset's. */
export interface Growth {
  /** How many times as many users, items and interactions. */
  readonly factor: number;
  /** Train interactions. */
  readonly interactions: number;
  /** Time per step, at the same batch size. */
  readonly secondsPerStep: number;
  /** The most GPU memory at once that training and ranking take, counted without running them. */
  readonly peakGpuBytes: number;
  /** Time per interaction, relative to factor 1. */
  readonly perInteraction: number;
}

/**
 * Times STAIR's step on generated graphs of the dataset's degrees, 1, 2, 4 … times as large.
 *
 * @throws {GpuError} when the GPU fails or the largest graph does not fit.
 */
export async function measureGrowth(workload: Workload, largest: number): Promise<Growth[]> {
  const degrees = degreesOf(workload.dataset.train);
  const growth: Growth[] = [];
  for (const factor of factorsUpTo(largest)) {
    workload.onProgress(`STAIR's training step on ${factor} times the interactions`);
    const dataset = generateDataset("generated", repeatDegrees(degrees, factor), SEED);
    const secondsPerStep = await stepSeconds({ ...workload, dataset });
    const interactions = dataset.train.column.length;
    const first = growth[0] ?? { secondsPerStep, interactions };
    const perInteraction = (secondsPerStep / first.secondsPerStep) /
      (interactions / first.interactions);
    const { model, training } = presetFor(models.stair!, workload.dataset.name);
    const run = { ...training, seed: SEED };
    const peakGpuBytes = await countMemory(models.stair!, dataset, { ...model, seed: SEED }, run);
    growth.push({ factor, interactions, secondsPerStep, perInteraction, peakGpuBytes });
  }
  return growth;
}

async function stepSeconds(workload: Workload): Promise<number> {
  using gpu = await openGpu();
  using model = await createModel(gpu, "stair", workload);
  using recorded = recordSteps(gpu, model, workload);
  return await replaySeconds(gpu, recorded);
}

/** 1, 2, 4 … and the largest itself. */
function factorsUpTo(largest: number): number[] {
  const factors: number[] = [];
  for (let factor = 1; factor < largest; factor *= 2) factors.push(factor);
  return [...factors, largest];
}
