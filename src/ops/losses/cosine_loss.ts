/**
 * How far rows point apart: L = 1 − mean_r cos(x_r, y_r), cos(x, y) = ⟨x, y⟩ / (‖x‖ ‖y‖), where lengths
 * below 1e-8 divide as 1e-8, as in PyTorch's cosine_similarity.
 *
 * Adjoint: over n rows dL/dx_r = (cos_r x_r / ‖x_r‖ − y_r / ‖y_r‖) / (n ‖x_r‖), and the same with x and y
 * exchanged.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import cosineRowsCode from "../../../kernels/cosine_rows.wgsl" with { type: "text" };
import cosineRowsAdjointCode from "../../../kernels/cosine_rows_adjoint.wgsl" with { type: "text" };
import { batchMean } from "./batch_mean.ts";
import type { Batch } from "../../tape/batch.ts";
import type { LossTerm } from "../../tape/loss_term.ts";
import { lanesFor } from "../rows/row_lanes.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

const EPSILON = 1e-8;

/** A side of the loss. */
interface Side {
  readonly rows: Variable;
  readonly lengths: Tensor;
}

/**
 * Records the loss as a term, and its adjoint.
 *
 * @param x rows × width, any width, in blocks of a batch's rows each; rows beyond a partial batch do not
 * count.
 * @param y Likewise.
 */
export function cosineLoss(
  tape: Tape,
  x: Variable,
  y: Variable,
  batch: Batch,
  term: LossTerm,
): void {
  const [rows, width] = x.value.shape as [number, number];
  const sides: [Side, Side] = [
    { rows: x, lengths: tape.take("row lengths", [rows]) },
    { rows: y, lengths: tape.take("row lengths", [rows]) },
  ];
  const distance = tape.take("cosine distances", [rows]);
  const lanes = lanesFor(width);
  tape.program.dispatch(
    getKernel(tape.gpu, { name: "cosine_rows", code: cosineRowsCode }, { lanes }),
    { x: x.value, y: y.value, x_length: sides[0].lengths, y_length: sides[1].lengths, distance },
    { rows, width, epsilon: EPSILON },
    { invocations: rows * lanes },
  );
  batchMean(tape, distance, batch, term);
  tape.adjoint(() => {
    const { weight } = term;
    if (!x.constant) passGradient(tape, sides, distance, weight, batch);
    if (!y.constant) passGradient(tape, [sides[1], sides[0]], distance, weight, batch);
    for (const { lengths } of sides) tape.release(lengths);
    tape.release(distance);
  });
}

/** Records the first side's gradient. */
function passGradient(
  tape: Tape,
  [x, y]: readonly [Side, Side],
  distance: Tensor,
  weight: number,
  { clock, shape: { triples, batchSize } }: Batch,
): void {
  const { value: { label, shape }, gradient } = x.rows;
  const [rows, width] = shape as [number, number];
  x.rows.gradient ??= tape.take(`gradient of ${label}`, shape);
  tape.program.dispatch(
    getKernel(tape.gpu, { name: "cosine_rows_adjoint", code: cosineRowsAdjointCode }),
    {
      clock,
      x: x.rows.value,
      y: y.rows.value,
      x_length: x.lengths,
      y_length: y.lengths,
      distance,
      gradient: x.rows.gradient,
    },
    {
      rows,
      width,
      epsilon: EPSILON,
      weight,
      keep: Number(gradient !== undefined),
      triples,
      batch_size: batchSize,
    },
    { invocations: rows * width },
  );
}
