/**
 * How the time of a training step grows with the graph.
 *
 * @module
 */
import { median } from "d3-array";
import type { Dataset } from "../data/dataset.ts";
import { degreesOf, generateDataset, repeatDegrees } from "../data/generated_graph.ts";
import { openGpu } from "../gpu/device.ts";
import { presetFor } from "../models/model.ts";
import { models } from "../models/registry.ts";
import { countMemory } from "../training/count_memory.ts";
import { type RecordedSteps, recordSteps, replaySeconds } from "./recorded_steps.ts";
import { createModel, SEED, type Workload } from "./workload.ts";

/** STAIR's step on a graph some times as large as the dataset's. */
export interface Growth {
  /** How many times as many users, items and interactions. */
  readonly factor: number;
  /** Train interactions. */
  readonly interactions: number;
  /** Time per step, at the same batch size: the median over turns. */
  readonly secondsPerStep: number;
  /** The most GPU memory at once that training and ranking take, counted without running them. */
  readonly peakGpuBytes: number;
  /** Time per interaction, relative to factor 1 in the same turn: the median over turns. */
  readonly perInteraction: number;
}

/** How often each graph has its turn: whatever else the machine does meets all of them. */
const TURNS = 3;

/**
 * Times STAIR's step on generated graphs of the dataset's degrees, 1, 2, 4 … times as large, in turns.
 *
 * @throws {GpuError} when the GPU fails or the graphs do not fit, all at once.
 */
export async function measureGrowth(workload: Workload, largest: number): Promise<Growth[]> {
  using resources = new DisposableStack();
  const gpu = resources.use(await openGpu());
  const degrees = degreesOf(workload.dataset.train);
  const sizes: Timed[] = [];
  for (const factor of factorsUpTo(largest)) {
    workload.onProgress(`making ${factor} times the interactions`);
    const dataset = generateDataset("generated", repeatDegrees(degrees, factor), SEED);
    const made = { ...workload, dataset };
    const model = resources.use(await createModel(gpu, "stair", made));
    const recorded = resources.use(recordSteps(gpu, model, made));
    const interactions = dataset.train.column.length;
    const peakGpuBytes = await peakBytes(workload.dataset.name, dataset);
    sizes.push({ factor, interactions, peakGpuBytes, recorded, seconds: [] });
  }
  for (let turn = 1; turn <= TURNS; turn++) {
    for (const { factor, recorded, seconds } of sizes) {
      const what = `STAIR's training step on ${factor} times the interactions`;
      workload.onProgress(`turn ${turn} of ${TURNS}: ${what}`);
      seconds.push(await replaySeconds(gpu, recorded));
    }
  }
  const first = sizes[0]!;
  return sizes.map(({ factor, interactions, peakGpuBytes, seconds }): Growth => {
    const ratios = seconds.map((one, turn) => one / first.seconds[turn]!);
    return {
      factor,
      interactions,
      secondsPerStep: median(seconds)!,
      peakGpuBytes,
      perInteraction: median(ratios)! / (interactions / first.interactions),
    };
  });
}

/** A graph's steps, and how long one took in each turn. */
interface Timed extends Pick<Growth, "factor" | "interactions" | "peakGpuBytes"> {
  readonly recorded: RecordedSteps;
  readonly seconds: number[];
}

async function peakBytes(preset: string, dataset: Dataset): Promise<number> {
  const { model, training } = presetFor(models.stair!, preset);
  const run = { ...training, seed: SEED };
  return await countMemory(models.stair!, dataset, { ...model, seed: SEED }, run);
}

/** 1, 2, 4 … and the largest itself. */
function factorsUpTo(largest: number): number[] {
  const factors: number[] = [];
  for (let factor = 1; factor < largest; factor *= 2) factors.push(factor);
  return [...factors, largest];
}
