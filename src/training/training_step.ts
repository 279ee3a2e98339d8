/**
 * One training step as a program: forward, adjoints, optimizer, on to the next batch.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { getKernel } from "../gpu/kernel.ts";
import type { Program } from "../gpu/program.ts";
import type { Scratch } from "../gpu/scratch.ts";
import { createTensor, type Tensor } from "../gpu/tensor.ts";
import advance from "../../kernels/advance.wgsl" with { type: "text" };
import type { Model } from "../models/model.ts";
import {
  bprLoss,
  clearGradient,
  createTripleTensors,
  type EpochShape,
  stepCount,
  type TripleTensors,
} from "../ops/bpr_loss.ts";
import { Tape, type Variable } from "../ops/tape.ts";
import {
  type AdamSettings,
  adamStep,
  applyUpdate,
  createMoments,
  createSchedule,
  type OptimizedTensor,
  uploadSchedule,
} from "./adamw.ts";
import { type EpochBatches, uploadEpoch } from "./sampler.ts";

/** A recorded step with everything that it reads and writes. */
export interface TrainingStep extends Disposable {
  /** One run is one step. */
  readonly program: Program;
  /** The epoch's batches; `loss` is what the steps give. */
  readonly batches: TripleTensors;
  /** Embeddings and moments. */
  readonly optimized: OptimizedTensor;
  /** Uploads an epoch that follows `stepsBefore` earlier steps. */
  load(batches: EpochBatches, stepsBefore: number): void;
}

/** Allocates optimizer and batches, and records the step. */
export function createTrainingStep(
  gpu: Gpu,
  model: Model,
  shape: EpochShape,
  settings: AdamSettings,
  scratch: Scratch,
): TrainingStep {
  using resources = new DisposableStack();
  const optimized = resources.use(createMoments(gpu, model.embeddings));
  const batches = resources.use(createTripleTensors(gpu, shape));
  const schedule = resources.use(createSchedule(gpu, stepCount(shape)));
  const gradient = resources.use(createTensor(gpu, "loss gradient", model.embeddings.shape));
  const tape = new Tape(gpu, `${model.name} training step`, scratch);
  record(tape, model, { optimized, batches, schedule, gradient }, settings);
  const program = resources.use(tape.program);
  const owned = resources.move();
  return {
    program,
    batches,
    optimized,
    load: (epoch, stepsBefore) => {
      uploadEpoch(gpu, batches, epoch);
      uploadSchedule(gpu, schedule, stepsBefore, settings);
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

interface StepTensors {
  readonly optimized: OptimizedTensor;
  readonly batches: TripleTensors;
  readonly schedule: Tensor;
  readonly gradient: Tensor;
}

function record(
  tape: Tape,
  model: Model,
  { optimized, batches, schedule, gradient }: StepTensors,
  settings: AdamSettings,
): void {
  const { scratch, program, gpu } = tape;
  const { userCount: users, itemCount: items } = model;
  const embeddings: Variable = { value: model.embeddings };
  const h = model.represent(tape, embeddings, batches);
  bprLoss(tape, h, batches, gradient);
  tape.backward();
  const direction = adamStep(
    tape,
    optimized,
    embeddings.gradient!,
    batches.clock,
    schedule,
    settings,
  );
  scratch.release(embeddings.gradient!);
  const smoothed = model.smoothItems?.(tape, direction) ?? direction;
  applyUpdate(tape, model.embeddings, direction, settings, [0, users]);
  applyUpdate(tape, model.embeddings, smoothed, settings, [users, users + items]);
  scratch.release(direction);
  scratch.release(smoothed);
  clearGradient(tape, batches, gradient);
  const kernel = getKernel(gpu, { name: "advance", code: advance });
  program.dispatch(kernel, { clock: batches.clock }, {}, { workgroups: 1 });
}
