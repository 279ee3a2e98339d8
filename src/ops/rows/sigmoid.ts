/**
 * The logistic function σ of one number per row, and its slope as a value that a loss may depend on:
 * y_r = a σ'(x_r), where σ'(x) = σ(x) σ(−x).
 *
 * Adjoint of the slope: dx_r = a σ''(x_r) dy_r, where σ'' = σ' (σ(−x) − σ(x)).
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import sigmoidCode from "../../../kernels/sigmoid.wgsl" with { type: "text" };
import curvatureCode from "../../../kernels/sigmoid_curvature.wgsl" with { type: "text" };
import slopeCode from "../../../kernels/sigmoid_slope.wgsl" with { type: "text" };
import type { Batch } from "../../tape/batch.ts";
import { addGradient } from "../../tape/gradient.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/**
 * Records factor · σ(x), taken from the tape; nothing is differentiated through it.
 *
 * @param x rows × 1.
 */
export function recordSigmoid(tape: Tape, x: Tensor, factor: number): Tensor {
  const elements = x.shape[0]!;
  const output = tape.take(`sigmoid of ${x.label}`, x.shape);
  tape.program.dispatch(
    getKernel(tape.gpu, { name: "sigmoid", code: sigmoidCode }),
    { x, output },
    { elements, factor },
    { invocations: elements },
  );
  return output;
}

/**
 * Records factor · σ'(x_r) and its adjoint.
 *
 * @param x (lists · batch size) × 1: the lists of a batch one above the other.
 * @param batch Of the step; says which rows count.
 * @param factor a.
 * @returns As large as x; zero in what a partial batch leaves of the lists.
 */
export function sigmoidSlope(
  tape: Tape,
  x: Variable,
  batch: Pick<Batch, "clock" | "shape">,
  factor: number,
): Variable {
  return tape.operation(recordSlope(tape, x.value, batch, factor), [x], (dy) => {
    const rows = x.value.shape[0]!;
    const { clock, shape: { batchSize } } = batch;
    const gradient = tape.take(`gradient of ${x.value.label}`, x.value.shape);
    tape.program.dispatch(
      getKernel(tape.gpu, { name: "sigmoid_curvature", code: curvatureCode }),
      { clock, x: x.value, slope_gradient: dy, gradient },
      { rows, factor, batch_size: batchSize },
      { invocations: rows },
    );
    addGradient(tape, x, gradient);
  });
}

/**
 * Records factor · σ'(x_r), taken from the tape; nothing is differentiated through it.
 *
 * @param averaged Whether it is divided by the number of rows that the batch fills.
 */
export function recordSlope(
  tape: Tape,
  x: Tensor,
  { clock, shape: { batchSize } }: Pick<Batch, "clock" | "shape">,
  factor: number,
  averaged = false,
): Tensor {
  const rows = x.shape[0]!;
  const output = tape.take(`slope at ${x.label}`, x.shape);
  tape.program.dispatch(
    getKernel(tape.gpu, { name: "sigmoid_slope", code: slopeCode }),
    { clock, x, output },
    { rows, factor, averaged: Number(averaged), batch_size: batchSize },
    { invocations: rows },
  );
  return output;
}
