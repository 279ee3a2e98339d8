/**
 * AdamW with decoupled weight decay (Loshchilov & Hutter 2019), in the order PyTorch applies it:
 * decay first, then the step. Before it is applied, the descent direction of a parameter's last rows may be
 * smoothed, such as by STAIR's backward stepwise convolution (paper, Eq. 4).
 *
 * @module
 */
import type { GpuDevice } from "../gpu/device.ts";
import { createTensors, type Tensor } from "../gpu/tensor.ts";
import adamStep from "../../kernels/endings/adam_step.wgsl" with { type: "text" };
import decayedUpdate from "../../kernels/endings/decayed_update.wgsl" with { type: "text" };
import type { Ending } from "./ending.ts";
import { endGradient } from "./gradient.ts";
import type { Tape, Variable } from "./tape.ts";

/** Settings of the optimizer. */
export interface AdamSettings {
  /** Learning rate η. */
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

/** The settings with PyTorch's defaults filled in, which the paper does not vary. */
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
export function createMoments(gpu: GpuDevice, parameter: Tensor): OptimizedTensor {
  const { label, shape } = parameter;
  const moments = createTensors(gpu, {
    firstMoment: [`${label} first moment`, shape],
    secondMoment: [`${label} second moment`, shape],
  });
  return { parameter, ...moments };
}

/** When a step of the optimizer happens, and with which settings. */
export interface Pace {
  /** Records of the epoch's steps, with the corrections that follow from these settings; see clock.ts. */
  readonly clock: Tensor;
  /** Settings of the optimizer. */
  readonly settings: AdamSettings;
}

/** How the descent direction of a parameter's last rows is smoothed. */
export interface Smoothing {
  /** The first row that is smoothed. */
  readonly firstRow: number;
  /** Records what becomes of their direction, (rows − firstRow) × dim, met by an ending that applies it. */
  readonly record: (direction: Tensor, ending: Ending) => void;
}

/** The vec4 from which on directions are smoothed, where none is: no parameter has so many. */
const NONE_SMOOTHED = 2 ** 32 - 1;

/**
 * Records AdamW on a parameter, as a variable with its gradient.
 *
 * @param smoothing What is smoothed before it is applied; nothing unless told.
 */
export function adamW(
  tape: Tape,
  variable: Variable,
  { parameter, firstMoment: first_moment, secondMoment: second_moment }: OptimizedTensor,
  { clock, settings }: Pace,
  smoothing?: Smoothing,
): void {
  const { learningRate, weightDecay, l2, beta1, beta2, epsilon } = completeAdam(settings);
  const [rows, dim = 1] = parameter.shape as [number, number?];
  const smoothedRows = smoothing ? rows - smoothing.firstRow : 0;
  // Bound even where no row is smoothed, so that the same compiled shader serves every parameter.
  const direction = tape.take("descent direction", [smoothedRows, dim]);
  const smoothed_from = smoothing ? smoothing.firstRow * dim / 4 : NONE_SMOOTHED;
  const update = { keep: 1 - learningRate * weightDecay, learning_rate: learningRate };
  endGradient(tape, variable, {
    source: { name: "endings/adam_step", code: adamStep },
    tensors: { clock, first_moment, second_moment, parameter, direction },
    constants: {
      ...update,
      smoothed_from,
      l2,
      decay_first: beta1,
      gain_first: 1 - beta1,
      decay_second: beta2,
      gain_second: 1 - beta2,
      epsilon,
    },
  });
  smoothing?.record(direction, {
    source: { name: "endings/decayed_update", code: decayedUpdate },
    tensors: { parameter },
    constants: { ...update, first: smoothed_from },
  });
  tape.release(direction);
}
