/**
 * A penalty on plain Frobenius norms of some stretches of rows, L = Σ_r ‖X_r‖_F / c, as several authors'
 * code has it where their papers write squares; or on the squares, L = Σ_r ‖X_r‖_F² / 2c.
 *
 * Adjoint: d‖X‖_F/dX = X / ‖X‖_F, so that dL/dX_r = X_r / (c ‖X_r‖_F); zero where the norm is. Of squares
 * it is X_r / c.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import type { RowRange, Tensor } from "../../gpu/tensor.ts";
import normPenaltyCode from "../../../kernels/norm_penalty.wgsl" with { type: "text" };
import normPenaltyAdjointCode from "../../../kernels/norm_penalty_adjoint.wgsl" with {
  type: "text",
};
import sumSquaresCode from "../../../kernels/sum_squares.wgsl" with { type: "text" };
import type { Batch } from "../../tape/batch.ts";
import { gatherBatch } from "../rows/gather_batch.ts";
import { addGradientRows } from "../../tape/gradient.ts";
import type { LossTerm } from "../../tape/loss_term.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/** Workgroups that share the sum of squares of a range. */
const PARTS = 32;

/**
 * Records the penalty as a term of the loss, and its adjoint. One of weight 0 records nothing: its column
 * of terms stays zero.
 *
 * @param x rows × width, any width.
 * @param ranges Whose norms are added.
 * @param divisor c; 0 for the length of the current batch.
 * @param squared Whether the squares are meant.
 */
export function normPenalty(
  tape: Tape,
  x: Variable,
  ranges: readonly RowRange[],
  { clock, terms, shape: { triples, batchSize } }: Batch,
  { index: term, count: term_count, weight }: LossTerm,
  divisor = 0,
  squared = false,
): void {
  if (weight === 0) return;
  const { gpu, program } = tape;
  const width = x.value.shape[1]!;
  const stretches = ranges.map(({ firstRow, rowCount }) => ({
    first: firstRow * width,
    elements: rowCount * width,
  }));
  const partial = tape.take("partial sums of squares", [ranges.length, PARTS]);
  const norm = tape.take("norms", [ranges.length]);
  const epoch = { triples, batch_size: batchSize };
  stretches.forEach((stretch, range) =>
    program.dispatch(
      getKernel(gpu, { name: "sum_squares", code: sumSquaresCode }),
      { x: x.value, part_sum: partial },
      { ...stretch, slot: range * PARTS },
      { workgroups: PARTS },
    )
  );
  program.dispatch(
    getKernel(gpu, { name: "norm_penalty", code: normPenaltyCode }),
    { clock, part_sum: partial, norm, terms },
    {
      ...epoch,
      ranges: ranges.length,
      parts: PARTS,
      squared: Number(squared),
      divisor,
      term,
      term_count,
    },
    { workgroups: 1 },
  );
  tape.release(partial);
  const adjoint = (gradient: Tensor): void =>
    stretches.forEach((stretch, range) =>
      program.dispatch(
        getKernel(gpu, { name: "norm_penalty_adjoint", code: normPenaltyAdjointCode }),
        { clock, norm, x: x.value, gradient },
        { ...epoch, ...stretch, range, weight, divisor },
        { invocations: stretch.elements },
      )
    );
  tape.adjoint(() => addGradientRows(tape, x, adjoint), [norm]);
}

/**
 * Records the penalty (‖E_u‖_F + ‖E_p‖_F + ‖E_n‖_F) / B on the rows of E, users and items stacked, that
 * the batch of B triples names: a row counts as often as it is named. One of weight 0 records nothing.
 *
 * @param squared Whether the norms are squared, and their sum halved.
 */
export function batchNormPenalty(
  tape: Tape,
  embeddings: Variable,
  batch: Batch,
  userCount: number,
  term: LossTerm,
  squared = false,
): void {
  if (term.weight === 0) return;
  const lists = ["user", "positive", "negative"] as const;
  const rows = gatherBatch(tape, embeddings, batch, lists, { firstRow: 0, userCount });
  const { batchSize } = batch.shape;
  const ranges = lists.map((_, list) => ({ firstRow: list * batchSize, rowCount: batchSize }));
  normPenalty(tape, rows, ranges, batch, term, 0, squared);
}
