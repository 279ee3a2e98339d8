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
 * @param x (lists · batch size) × 1: the lists of a batch one above the other, as gatherBatch
 * gives them. What a partial batch leaves of them does not count.
 * @param batch Of the step; says which rows count.
 * @param term Where the loss is reported, and its weight.
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
