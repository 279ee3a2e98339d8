/**
 * Batch normalisation as in training (Ioffe & Szegedy 2015), h = γ x̂ + β with x̂ = (x − μ) / s,
 * s = √(v + ε), where μ and v are the mean and the variance of a column over the batch; and its gradient
 * as an operation of its own, for losses that hold gradients.
 *
 * Adjoint. With d = dL/dh and means over the batch's rows, column by column,
 *
 *     dL/dx = γ/s · (d − mean d − x̂ mean(d x̂)),   dL/dγ = Σ d x̂,   dL/dβ = Σ d.
 *
 * The adjoint's adjoint. Let g = γ/s · (d − mean d − x̂ p) with p = mean(d x̂), and u = dL/dg. In d the map
 * is linear and symmetric, so that dL/dd is the same map of u. In x it is not: with q = mean(u x̂),
 * c = mean((u − mean u)(d − mean d)) and n rows,
 *
 *     f = Σ u g = n γ/s · (c − p q).
 *
 * With s held, ∂f/∂x̂ = −γ/s · (u p + d q) =: e; with x̂ held, ∂f/∂s = −f/s. Since ds/dx = x̂/n, x̂
 * passes e on as 1/s · (e − mean e − x̂ mean(e x̂)), where mean(e x̂) = −2 γ/s · p q, and s passes on
 * −f/s · x̂/n. Together
 *
 *     dL/dx = −γ/s² · ((u − mean u) p + (d − mean d) q + x̂ (c − 3 p q)),   dL/dγ = n/s · (c − p q).
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import batchNormCode from "../../../kernels/batch_norm.wgsl" with { type: "text" };
import curvatureCode from "../../../kernels/batch_norm_curvature.wgsl" with { type: "text" };
import gradientCode from "../../../kernels/batch_norm_gradient.wgsl" with { type: "text" };
import type { Batch } from "../../tape/batch.ts";
import { addGradient } from "../../tape/gradient.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/** ε of PyTorch's layer. */
const EPSILON = 1e-5;

/** Columns that a workgroup walks. */
const COLUMNS = 16;

/** A normalisation with everything its gradient needs. */
export interface Normalised {
  /** γ x̂ + β, as large as x; zero in what a partial batch leaves of the lists. */
  readonly output: Variable;
  /** x, (lists · batch size) × width. */
  readonly x: Variable;
  /** γ, width. */
  readonly scale: Variable;
  /** 2 × width: μ, then v. */
  readonly statistics: Tensor;
}

/**
 * Records the normalisation and its adjoint.
 *
 * @param x (lists · batch size) × width, any width: the lists of a batch one above the other, over all of
 * which μ and v are. What a partial batch leaves of them does not count.
 * @param scale γ, width.
 * @param shift β, width.
 * @param batch Of the step; says which rows count.
 */
export function batchNorm(
  tape: Tape,
  x: Variable,
  scale: Variable,
  shift: Variable,
  batch: Pick<Batch, "clock" | "shape">,
): Normalised {
  const { label, shape } = x.value;
  const statistics = tape.take(`statistics of ${label}`, [2, shape[1]!]);
  const y = tape.take(`${label}, normalised`, shape);
  tape.program.dispatch(
    getKernel(tape.gpu, { name: "batch_norm", code: batchNormCode }),
    {
      clock: batch.clock,
      x: x.value,
      scale: scale.value,
      shift: shift.value,
      statistics,
      output: y,
    },
    sizes(x, batch),
    { workgroups: Math.ceil(shape[1]! / COLUMNS) },
  );
  const input = { x, scale, statistics };
  const output = tape.operation(y, [x, scale, shift], (dy) => {
    const { result, scaleGradient, shiftGradient } = through(tape, input, dy, batch);
    addGradient(tape, x, result);
    addGradient(tape, scale, scaleGradient);
    addGradient(tape, shift, shiftGradient);
  }, [statistics]);
  return { ...input, output };
}

/**
 * Records the gradient through a normalisation, dL/dx of {@linkcode batchNorm}, as a value that a loss may
 * depend on, and its adjoint.
 *
 * @param normalised Of {@linkcode batchNorm}, by the same batch.
 * @param direction d, rows × width.
 * @param batch Of the step.
 * @returns g, rows × width; zero in what a partial batch leaves of the lists.
 */
export function batchNormGradient(
  tape: Tape,
  normalised: Normalised,
  direction: Variable,
  batch: Pick<Batch, "clock" | "shape">,
): Variable {
  const { x, scale } = normalised;
  const gradientOf = (d: Tensor): Tensor => {
    const { result, scaleGradient, shiftGradient } = through(tape, normalised, d, batch);
    tape.release(scaleGradient);
    tape.release(shiftGradient);
    return result;
  };
  const g = gradientOf(direction.value);
  return tape.operation(g, [direction, x, scale], (u) => {
    const bent = curvature(tape, normalised, direction.value, u, batch);
    addGradient(tape, direction, gradientOf(u));
    addGradient(tape, x, bent.result);
    addGradient(tape, scale, bent.scaleGradient);
  });
}

/** Records kernels/batch_norm_gradient.wgsl; all three results are taken from the tape. */
function through(
  tape: Tape,
  { x, scale, statistics }: Omit<Normalised, "output">,
  direction: Tensor,
  batch: Pick<Batch, "clock" | "shape">,
): { result: Tensor; scaleGradient: Tensor; shiftGradient: Tensor } {
  const { label, shape } = x.value;
  const width = shape[1]!;
  const result = tape.take(`gradient through ${label}`, shape);
  const scaleGradient = tape.take(`gradient of the scale of ${label}`, [width]);
  const shiftGradient = tape.take(`gradient of the shift of ${label}`, [width]);
  tape.program.dispatch(
    getKernel(tape.gpu, { name: "batch_norm_gradient", code: gradientCode }),
    {
      clock: batch.clock,
      x: x.value,
      statistics,
      scale: scale.value,
      direction,
      output: result,
      scale_gradient: scaleGradient,
      shift_gradient: shiftGradient,
    },
    sizes(x, batch),
    { workgroups: Math.ceil(width / COLUMNS) },
  );
  return { result, scaleGradient, shiftGradient };
}

/** Records kernels/batch_norm_curvature.wgsl; both results are taken from the tape. */
function curvature(
  tape: Tape,
  { x, scale, statistics }: Omit<Normalised, "output">,
  direction: Tensor,
  outputGradient: Tensor,
  batch: Pick<Batch, "clock" | "shape">,
): { result: Tensor; scaleGradient: Tensor } {
  const { label, shape } = x.value;
  const width = shape[1]!;
  const result = tape.take(`curvature of ${label}`, shape);
  const scaleGradient = tape.take(`gradient of the scale of ${label}`, [width]);
  tape.program.dispatch(
    getKernel(tape.gpu, { name: "batch_norm_curvature", code: curvatureCode }),
    {
      clock: batch.clock,
      x: x.value,
      statistics,
      scale: scale.value,
      direction,
      output_gradient: outputGradient,
      x_gradient: result,
      scale_gradient: scaleGradient,
    },
    sizes(x, batch),
    { workgroups: Math.ceil(width / COLUMNS) },
  );
  return { result, scaleGradient };
}

function sizes(
  x: Variable,
  { shape: { batchSize } }: Pick<Batch, "clock" | "shape">,
): Record<string, number> {
  const [rows, width] = x.value.shape as [number, number];
  return { rows, width, epsilon: EPSILON, batch_size: batchSize };
}
