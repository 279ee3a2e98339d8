/**
 * How far rows point apart: L = 1 − mean_r cos(x_r, y_r), cos(x, y) = ⟨x, y⟩ / (‖x‖ ‖y‖), where lengths
 * below 1e-8 divide as 1e-8, as in PyTorch's cosine_similarity.
 *
 * Adjoint: over n rows dx_r = (cos_r x_r / ‖x_r‖ − y_r / ‖y_r‖) / (n ‖x_r‖), and the same with x and y
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
import { addGradientInPlace } from "../../tape/gradient.ts";
import { lanesFor } from "../rows/row_lanes.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

const EPSILON = 1e-8;

/** One of the two inputs. */
interface Side {
  readonly rows: Variable;
  readonly lengths: Tensor;
}

/**
 * Records the loss as a term, and its adjoint.
 *
 * @param x (lists · batch size) × width, any width: the lists of a batch one above the other, as gatherBatch
 * gives them. What a partial batch leaves of them does not count.
 * @param y As large as x.
 * @param batch Of the step; says which rows count.
 * @param term Where the loss is reported, and its weight.
 */
export function cosineLoss(
  tape: Tape,
  x: Variable,
  y: Variable,
  batch: Batch,
  term: LossTerm,
): void {
  const [rows, width] = x.value.shape as [number, number];
  const x_length = tape.take("row lengths", [rows]);
  const y_length = tape.take("row lengths", [rows]);
  const distance = tape.take("cosine distances", [rows]);
  const lanes = lanesFor(width);
  tape.program.dispatch(
    getKernel(tape.gpu, { name: "cosine_rows", code: cosineRowsCode }, { lanes }),
    { x: x.value, y: y.value, x_length, y_length, distance },
    { rows, width, epsilon: EPSILON },
    { invocations: rows * lanes },
  );
  batchMean(tape, distance, batch, term);
  tape.adjoint(() => {
    const [left, right] = [{ rows: x, lengths: x_length }, { rows: y, lengths: y_length }];
    addSide(tape, left, right, distance, batch, term);
    addSide(tape, right, left, distance, batch, term);
  }, [x_length, y_length, distance]);
}

/** Adds to the gradient of x, which may be either side. */
function addSide(
  tape: Tape,
  x: Side,
  y: Side,
  distance: Tensor,
  { clock, shape: { batchSize } }: Batch,
  { weight }: LossTerm,
): void {
  const [rows, width] = x.rows.value.shape as [number, number];
  const sizes = { rows, width, batch_size: batchSize };
  const lengths = { x_length: x.lengths, y_length: y.lengths };
  addGradientInPlace(tape, x.rows, (gradient, keep) =>
    tape.program.dispatch(
      getKernel(tape.gpu, { name: "cosine_rows_adjoint", code: cosineRowsAdjointCode }),
      { clock, x: x.rows.value, y: y.rows.value, ...lengths, distance, gradient },
      { ...sizes, epsilon: EPSILON, weight, keep: Number(keep) },
      { invocations: rows * width },
    ));
}
