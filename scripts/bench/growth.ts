/**
 * How the time of a training step grows with the graph.
 *
 * @module
 */
import { median } from "d3-array";
import { degreesOf, generateDataset, repeatDegrees } from "./generated_graph.ts";
import { type GpuDevice, openDevice } from "../../src/gpu/device.ts";
import { type RecordedSteps, recordSteps, replaySeconds } from "./recorded_steps.ts";
import { countRun, createModel, SEED, type Workload } from "./workload.ts";

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

/**
 * Turns that each size takes, alternating with the dataset's own, so that other load on the machine affects
 * both.
 */
const TURNS = 5;

/**
 * Times STAIR's step on generated graphs of the dataset's degrees, 1, 2, 4 … times as large, each in
 * turns with the first.
 *
 * @throws {GpuError} when the GPU fails or the largest graph does not fit, beside the first.
 */
export async function measureGrowth(workload: Workload, largest: number): Promise<Growth[]> {
  using gpu = await openDevice();
  using first = await makeSteps(gpu, workload, 1);
  const secondsOf = async (steps: Steps, turn: number): Promise<number> => {
    const what = `STAIR's training step on ${steps.factor} times the interactions`;
    workload.onProgress(`${what}, turn ${turn} of ${TURNS}`);
    return await replaySeconds(gpu, steps);
  };
  const growth: Growth[] = [];
  for (const factor of factorsUpTo(largest)) {
    using made = factor === 1 ? undefined : await makeSteps(gpu, workload, factor);
    const steps = made ?? first;
    const seconds: number[] = [], ratios: number[] = [];
    for (let turn = 1; turn <= TURNS; turn++) {
      const own = await secondsOf(steps, turn);
      const before = made ? await secondsOf(first, turn) : own;
      seconds.push(own);
      ratios.push(own / before);
    }
    growth.push({
      factor,
      interactions: steps.interactions,
      secondsPerStep: median(seconds)!,
      peakGpuBytes: steps.peakGpuBytes,
      perInteraction: median(ratios)! / (steps.interactions / first.interactions),
    });
  }
  return growth;
}

/** The step on one graph. */
interface Steps extends RecordedSteps, Pick<Growth, "factor" | "interactions" | "peakGpuBytes"> {}

async function makeSteps(gpu: GpuDevice, workload: Workload, factor: number): Promise<Steps> {
  workload.onProgress(`making ${factor} times the interactions`);
  const degrees = repeatDegrees(degreesOf(workload.dataset.train), factor);
  const dataset = generateDataset("generated", degrees, SEED);
  using resources = new DisposableStack();
  const model = resources.use(await createModel(gpu, "stair", { ...workload, dataset }));
  const recorded = resources.use(recordSteps(gpu, model, { ...workload, dataset }));
  const peakGpuBytes = await countRun("stair", dataset, workload.dataset.name);
  const owned = resources.move();
  return {
    ...recorded,
    factor,
    interactions: dataset.train.column.length,
    peakGpuBytes,
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** 1, 2, 4 … and the largest itself. */
function factorsUpTo(largest: number): number[] {
  const factors: number[] = [];
  for (let factor = 1; factor < largest; factor *= 2) factors.push(factor);
  return [...factors, largest];
}
