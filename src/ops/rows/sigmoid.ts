/**
 * The logistic function of one number per row: its mean as a term of the loss, and its slope as a value
 * that a loss may depend on.
 *
 * Adjoints: with σ' = σ(x) σ(−x), the mean a/n Σ σ(x_r) passes on a/n · σ'(x_r), and the slope a σ'(x_r)
 * passes on a σ''(x_r), σ'' = σ' (σ(−x) − σ(x)).
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import sigmoidCode from "../../../kernels/sigmoid.wgsl" with { type: "text" };
import curvatureCode from "../../../kernels/sigmoid_curvature.wgsl" with { type: "text" };
import slopeCode from "../../../kernels/sigmoid_slope.wgsl" with { type: "text" };
import { batchMean } from "../losses/batch_mean.ts";
import type { Batch } from "../../tape/batch.ts";
import { addGradient } from "../../tape/gradient.ts";
import type { LossTerm } from "../../tape/loss_term.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/** Records factor · σ(x), element by element, taken from the tape; nothing is differentiated through it. */
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
 * Records factor · mean_r σ(x_r) as a term of the loss, and its adjoint.
 *
 * @param x rows × 1, in blocks of a batch's rows each; rows beyond a partial batch do not count.
 */
export function meanSigmoid(
  tape: Tape,
  x: Variable,
  batch: Batch,
  term: LossTerm,
  factor: number,
): void {
  const score = recordSigmoid(tape, x.value, factor);
  batchMean(tape, score, batch, term);
  tape.release(score);
  tape.adjoint(() => {
    if (x.constant) return;
    addGradient(tape, x, recordSlope(tape, x.value, batch, term.weight * factor, true));
  });
}

/**
 * Records factor · σ'(x_r) and its adjoint.
 *
 * @param x rows × 1, likewise.
 * @returns rows × 1, zero in rows beyond the batch.
 */
export function sigmoidSlope(
  tape: Tape,
  x: Variable,
  batch: Pick<Batch, "clock" | "shape">,
  factor: number,
): Variable {
  return tape.operation(recordSlope(tape, x.value, batch, factor, false), [x], (dy) => {
    const rows = x.value.shape[0]!;
    const { clock, shape: { triples, batchSize } } = batch;
    const gradient = tape.take(`gradient of ${x.value.label}`, x.value.shape);
    tape.program.dispatch(
      getKernel(tape.gpu, { name: "sigmoid_curvature", code: curvatureCode }),
      { clock, x: x.value, slope_gradient: dy, gradient },
      { rows, factor, triples, batch_size: batchSize },
      { invocations: rows },
    );
    addGradient(tape, x, gradient);
  });
}

function recordSlope(
  tape: Tape,
  x: Tensor,
  { clock, shape: { triples, batchSize } }: Pick<Batch, "clock" | "shape">,
  factor: number,
  averaged: boolean,
): Tensor {
  const rows = x.shape[0]!;
  const output = tape.take(`slope at ${x.label}`, x.shape);
  tape.program.dispatch(
    getKernel(tape.gpu, { name: "sigmoid_slope", code: slopeCode }),
    { clock, x, output },
    { rows, factor, averaged: Number(averaged), triples, batch_size: batchSize },
    { invocations: rows },
  );
  return output;
}
