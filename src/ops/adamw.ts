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
import adamUpdate from "../../kernels/adam_update.wgsl" with { type: "text" };
import decayedUpdate from "../../kernels/decayed_update.wgsl" with { type: "text" };
import { addScaled } from "./gradient.ts";
import type { Tape } from "./tape.ts";

/** Settings of the optimizer. */
export interface AdamSettings {
  /** η. */
  readonly learningRate: number;
  /** λ, decoupled: each step first multiplies parameters with 1 − ηλ. */
  readonly weightDecay: number;
  /** λ₂, coupled: each step first adds λ₂ · parameter to the gradient; 0 unless told. */
  readonly l2?: number;
  /** β₁, how much of the mean gradient stays in each step; 0.9 unless told. */
  readonly beta1?: number;
  /** β₂, likewise of the mean square; 0.999 unless told. */
  readonly beta2?: number;
  /** ε, which keeps the division finite; 1e-8 unless told. */
  readonly epsilon?: number;
}

/** The settings with nothing left open: what is not told is what the paper does not vary. */
export function completeAdam(settings: AdamSettings): Required<AdamSettings> {
  const { learningRate, weightDecay, l2 = 0 } = settings;
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = settings;
  return { learningRate, weightDecay, l2, beta1, beta2, epsilon };
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

/** Factors of an epoch's steps, on the GPU: steps × (f / (1 − β₁^t), 1 / (1 − β₂^t)). */
export function createSchedule(gpu: Gpu, steps: number): Tensor {
  return createTensor(gpu, "bias corrections", [steps, 2]);
}

/**
 * Uploads the factors for the steps that follow `stepsBefore` earlier ones.
 *
 * @param learningRateFactor f, what the learning rate is multiplied with (not in the decoupled decay).
 */
export function uploadSchedule(
  gpu: Gpu,
  schedule: Tensor,
  stepsBefore: number,
  settings: AdamSettings,
  learningRateFactor = 1,
): void {
  const { beta1, beta2 } = completeAdam(settings);
  const steps = schedule.shape[0]!;
  const data = new Float32Array(2 * steps);
  for (let step = 0; step < steps; step++) {
    const t = stepsBefore + step + 1;
    data[2 * step] = learningRateFactor / (1 - beta1 ** t);
    data[2 * step + 1] = 1 / (1 - beta2 ** t);
  }
  write(gpu, schedule, data);
}

/** What a step of the optimizer follows: where in the epoch it is, and how. */
export interface Pace {
  /** Number of the batch within the epoch, and since training was set up. */
  readonly clock: Tensor;
  /** Of {@linkcode createSchedule}. */
  readonly schedule: Tensor;
  /** Settings of the optimizer. */
  readonly settings: AdamSettings;
}

/**
 * Records AdamW on a parameter with its gradient.
 *
 * @param smooth When given, the rows from `firstRow` on are updated with what this makes of their
 * descent direction, (rows − firstRow) × dim, taken from the tape.
 */
export function adamW(
  tape: Tape,
  optimized: OptimizedTensor,
  gradient: Tensor,
  pace: Pace,
  smooth?: { readonly firstRow: number; readonly of: (direction: Tensor) => Tensor },
): void {
  const { parameter } = optimized;
  const { learningRate, weightDecay, l2 } = completeAdam(pace.settings);
  if (l2 !== 0) addScaled(tape, gradient, parameter, l2);
  const keep = 1 - learningRate * weightDecay;
  // Arrays end on whole vec4; what is beyond the shape stays zero.
  const vectors = Math.ceil(elementCount(parameter.shape) / 4);
  if (!smooth) {
    const params = { first: 0, vectors, keep, learning_rate: learningRate };
    moveMoments(tape, "adam_update", optimized, gradient, pace, { parameter }, params);
    return;
  }
  const { firstRow, of } = smooth;
  const [rows, dim] = parameter.shape as [number, number];
  const first = firstRow * dim / 4;
  const alone = { first: 0, vectors: first, keep, learning_rate: learningRate };
  moveMoments(tape, "adam_update", optimized, gradient, pace, { parameter }, alone);
  const direction = tape.take("descent direction", [rows - firstRow, dim]);
  const rest = { first, vectors: vectors - first };
  moveMoments(tape, "adam_direction", optimized, gradient, pace, { direction }, rest);
  const smoothed = of(direction);
  tape.program.dispatch(
    getKernel(tape.gpu, { name: "decayed_update", code: decayedUpdate }),
    { direction: smoothed, parameter },
    { ...rest, keep, learning_rate: learningRate },
    { invocations: rest.vectors },
  );
  tape.release(direction);
  tape.release(smoothed);
}

const ADAM = { adam_update: adamUpdate, adam_direction: adamDirection };

/** Dispatches a kernel that updates the moments and does something with the descent direction. */
function moveMoments(
  tape: Tape,
  name: keyof typeof ADAM,
  { firstMoment: first_moment, secondMoment: second_moment }: OptimizedTensor,
  gradient: Tensor,
  { clock, schedule, settings }: Pace,
  output: Readonly<Record<string, Tensor>>,
  params: Readonly<Record<string, number>>,
): void {
  const { beta1, beta2, epsilon } = completeAdam(settings);
  tape.program.dispatch(
    getKernel(tape.gpu, { name, code: ADAM[name] }),
    { clock, schedule, gradient, first_moment, second_moment, ...output },
    {
      ...params,
      decay_first: beta1,
      gain_first: 1 - beta1,
      decay_second: beta2,
      gain_second: 1 - beta2,
      epsilon,
    },
    { invocations: params.vectors! },
  );
}
