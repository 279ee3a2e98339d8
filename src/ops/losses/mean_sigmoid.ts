/**
 * The mean of a logistic function: L = a/n Σ_r σ(x_r) over the n rows that the current batch fills.
 *
 * Adjoint: dx_r = a/n · σ'(x_r).
 *
 * @module
 */
import type { Batch } from "../../tape/batch.ts";
import { addGradient } from "../../tape/gradient.ts";
import type { LossTerm } from "../../tape/loss_term.ts";
import type { Tape, Variable } from "../../tape/tape.ts";
import { recordSigmoid, recordSlope } from "../rows/sigmoid.ts";
import { batchMean } from "./batch_mean.ts";

/**
 * Records factor · mean_r σ(x_r) as a term of the loss, and its adjoint.
 *
 * @param x rows × 1, in blocks of a batch's rows each; rows beyond a partial batch do not count.
 * @param batch The current batch.
 * @param term Its term of the loss.
 * @param factor a.
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
