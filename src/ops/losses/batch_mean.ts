/**
 * The end of a loss, L = a · mean_r x_r: one number per row, averaged over the rows that the current batch
 * fills.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import batchMeanCode from "../../../kernels/batch_mean.wgsl" with { type: "text" };
import type { Batch } from "../../tape/batch.ts";
import type { LossTerm } from "../../tape/loss_term.ts";
import type { Tape } from "../../tape/tape.ts";

/**
 * Records factor · mean_r x_r as a term of the loss; its adjoint is the caller's, whose x is no variable.
 *
 * @param x lists · batch size numbers: those of the lists of a batch one above the other, as gatherBatch
 * gives them. What a partial batch leaves of them does not count.
 * @param batch Of the step; says which rows count.
 * @param term Where the loss is reported.
 * @param factor a.
 */
export function batchMean(
  { gpu, program }: Tape,
  x: Tensor,
  { clock, terms, shape: { batchSize } }: Batch,
  { index: term, count: term_count }: LossTerm,
  factor = 1,
): void {
  program.dispatch(
    getKernel(gpu, { name: "batch_mean", code: batchMeanCode }),
    { clock, x, terms },
    { rows: x.shape[0]!, factor, batch_size: batchSize, term, term_count },
    { workgroups: 1 },
  );
}
