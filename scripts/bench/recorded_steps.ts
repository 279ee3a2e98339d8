/**
 * A training step with the first few batches of an epoch, to be replayed and timed.
 *
 * @module
 */
import type { GpuDevice } from "../../src/gpu/device.ts";
import { Scratch } from "../../src/gpu/scratch.ts";
import { wallSeconds } from "./timing.ts";
import type { BuiltModel } from "../../src/models/model.ts";
import { type EpochShape, stepCount } from "../../src/tape/batch.ts";
import { interactionGraph } from "../../src/sparse/graphs.ts";
import { drawEpochs } from "../../src/training/sampler.ts";
import { createTrainingStep, type TrainingStep } from "../../src/training/training_step.ts";
import { type MeanBatch, meanBatch } from "./mean_batch.ts";
import { SEED, type Workload } from "./workload.ts";

/** The most batches that are loaded. */
const STEPS = 10;

/** A recorded step and its batches. */
export interface RecordedSteps extends Disposable {
  /** One run of its program is one batch. */
  readonly step: TrainingStep;
  /** Number of batches loaded. */
  readonly steps: number;
  /** Triples per batch. */
  readonly batch: MeanBatch;
}

/**
 * Records the model's training step and loads batches.
 *
 * @throws {GpuError} when the GPU fails.
 */
export function recordSteps(
  gpu: GpuDevice,
  model: BuiltModel,
  { dataset: { train }, training }: Pick<Workload, "dataset" | "training">,
): RecordedSteps {
  const pairs = train.column.length;
  const batchSize = Math.min(training.batchSize, pairs);
  const triples = Math.min(pairs, STEPS * batchSize);
  const shape: EpochShape = { rows: model.userCount + model.itemCount, triples, batchSize };
  const batches = drawEpochs(train, SEED, shape, 1).next().value;
  const resources = new DisposableStack();
  const scratch = resources.use(new Scratch(gpu));
  const step = resources.use(createTrainingStep(model, shape, training, scratch));
  step.load(batches);
  return {
    step,
    steps: stepCount(shape),
    batch: meanBatch(interactionGraph(train), batches),
    [Symbol.dispose]: () => resources.dispose(),
  };
}

/**
 * Seconds per step when the batches are replayed one after the other.
 *
 * @throws {GpuError} when the GPU fails.
 */
export async function replaySeconds(
  gpu: GpuDevice,
  { step, steps }: RecordedSteps,
): Promise<number> {
  const seconds = await wallSeconds(gpu, async (times) => {
    for (let time = 0; time < times; time++) await step.run();
  });
  return seconds / steps;
}
