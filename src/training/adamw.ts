/**
 * AdamW with decoupled weight decay (Loshchilov & Hutter 2019), in the order PyTorch applies it:
 * decay first, then the step. The descent direction is a stage of its own, so that a model may smooth
 * it before it is applied: STAIR's backward stepwise convolution (paper, Eq. 4).
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { getKernel } from "../gpu/kernel.ts";
import { createTensor, createTensors, elementCount, type Tensor, write } from "../gpu/tensor.ts";
import adamDirection from "../../kernels/adam_direction.wgsl" with { type: "text" };
import decayedUpdate from "../../kernels/decayed_update.wgsl" with { type: "text" };
import type { Tape } from "../ops/tape.ts";

/** Settings of the optimizer. */
export interface AdamSettings {
  /** η. */
  readonly learningRate: number;
  /** λ, decoupled: each step first multiplies parameters with 1 − ηλ. */
  readonly weightDecay: number;
  /** β₁, how much of the mean gradient stays in each step; 0.9 unless told. */
  readonly beta1?: number;
  /** β₂, likewise of the mean square; 0.999 unless told. */
  readonly beta2?: number;
  /** ε, which keeps the division finite; 1e-8 unless told. */
  readonly epsilon?: number;
}

/** The settings with nothing left open: what is not told is what the paper does not vary. */
export function completeAdam(settings: AdamSettings): Required<AdamSettings> {
  const { learningRate, weightDecay, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = settings;
  return { learningRate, weightDecay, beta1, beta2, epsilon };
}

/** A parameter with its moments. */
export interface OptimizedTensor extends Disposable {
  /** The parameter, rows × dim; not owned. */
  readonly parameter: Tensor;
  /** Running mean of gradients. */
  readonly firstMoment: Tensor;
  /** Running mean of squared gradients. */
  readonly secondMoment: Tensor;
}

/** Adds zero moments to a parameter. */
export function createMoments(gpu: Gpu, parameter: Tensor): OptimizedTensor {
  const { label, shape } = parameter;
  const moments = createTensors(gpu, {
    firstMoment: [`${label} first moment`, shape],
    secondMoment: [`${label} second moment`, shape],
  });
  return { parameter, ...moments };
}

/** Bias corrections of an epoch's steps, on the GPU: steps × (1 / (1 − β₁^t), 1 / (1 − β₂^t)). */
export function createSchedule(gpu: Gpu, steps: number): Tensor {
  return createTensor(gpu, "bias corrections", [steps, 2]);
}

/** Uploads the corrections for the steps that follow `stepsBefore` earlier ones. */
export function uploadSchedule(
  gpu: Gpu,
  schedule: Tensor,
  stepsBefore: number,
  settings: AdamSettings,
): void {
  const { beta1, beta2 } = completeAdam(settings);
  const steps = schedule.shape[0]!;
  const data = new Float32Array(2 * steps);
  for (let step = 0; step < steps; step++) {
    const t = stepsBefore + step + 1;
    data[2 * step] = 1 / (1 - beta1 ** t);
    data[2 * step + 1] = 1 / (1 - beta2 ** t);
  }
  write(gpu, schedule, data);
}

/** Records direction ← Adam(gradient) for a whole parameter, moments updated. */
export function adamStep(
  tape: Tape,
  { parameter, firstMoment, secondMoment }: OptimizedTensor,
  gradient: Tensor,
  clock: Tensor,
  schedule: Tensor,
  settings: AdamSettings,
): Tensor {
  const { beta1, beta2, epsilon } = completeAdam(settings);
  const vectors = elementCount(parameter.shape) / 4;
  const direction = tape.scratch.take("descent direction", parameter.shape);
  tape.program.dispatch(
    getKernel(tape.gpu, { name: "adam_direction", code: adamDirection }),
    {
      clock,
      schedule,
      gradient,
      direction,
      first_moment: firstMoment,
      second_moment: secondMoment,
    },
    {
      vectors,
      decay_first: beta1,
      gain_first: 1 - beta1,
      decay_second: beta2,
      gain_second: 1 - beta2,
      epsilon,
    },
    { invocations: vectors },
  );
  return direction;
}

/** Records parameter ← (1 − ηλ) parameter − η direction for rows [from, to). */
export function applyUpdate(
  tape: Tape,
  parameter: Tensor,
  direction: Tensor,
  { learningRate, weightDecay }: AdamSettings,
  [from, to]: readonly [number, number],
): void {
  const dim4 = parameter.shape[1]! / 4;
  const vectors = (to - from) * dim4;
  tape.program.dispatch(
    getKernel(tape.gpu, { name: "decayed_update", code: decayedUpdate }),
    { direction, parameter },
    {
      first: from * dim4,
      vectors,
      keep: 1 - learningRate * weightDecay,
      learning_rate: learningRate,
    },
    { invocations: vectors },
  );
}
