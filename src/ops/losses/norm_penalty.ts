/**
 * A penalty on Frobenius norms: with X_r some stretches of rows of X, L = Σ_r ‖X_r‖_F / c, as several
 * authors' code has it where their papers write squares; or on the squares, L = Σ_r ‖X_r‖_F² / 2c.
 *
 * Adjoint: dX_r = X_r / (c ‖X_r‖_F), zero where the norm is; of squares dX_r = X_r / c. Stretches that
 * overlap add up.
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

/** How norms are penalised. */
export interface NormPenaltyOptions {
  /** Whether half the squares are added up; the norms themselves unless told. */
  readonly squared?: boolean;
  /** c; the length of the current batch unless told. */
  readonly divisor?: number;
}

/**
 * Records the penalty as a term of the loss, and its adjoint. One of weight 0 records nothing and is
 * reported as 0.
 *
 * @param x rows × width, any width.
 * @param ranges Whose norms are added; the same rows may be named several times.
 * @param batch Of the step; its length may be c.
 * @param term Where the loss is reported, and its weight.
 */
export function normPenalty(
  tape: Tape,
  x: Variable,
  ranges: readonly RowRange[],
  { clock, terms }: Batch,
  { index: term, count: term_count, weight }: LossTerm,
  { squared = false, divisor = 0 }: NormPenaltyOptions = {},
): void {
  if (weight === 0) return;
  const { gpu, program } = tape;
  const width = x.value.shape[1]!;
  const stretches = ranges.map(({ firstRow, rowCount }) => ({
    first: firstRow * width,
    elements: rowCount * width,
  }));
  const part_sum = tape.take("partial sums of squares", [ranges.length, PARTS]);
  const norm = tape.take("norms", [ranges.length]);
  stretches.forEach((stretch, range) =>
    program.dispatch(
      getKernel(gpu, { name: "sum_squares", code: sumSquaresCode }),
      { x: x.value, part_sum },
      { ...stretch, slot: range * PARTS },
      { workgroups: PARTS },
    )
  );
  program.dispatch(
    getKernel(gpu, { name: "norm_penalty", code: normPenaltyCode }),
    { clock, part_sum, norm, terms },
    {
      ranges: ranges.length,
      parts: PARTS,
      squared: Number(squared),
      divisor,
      term,
      term_count,
    },
    { workgroups: 1 },
  );
  tape.release(part_sum);
  const adjoint = (gradient: Tensor): void =>
    stretches.forEach((stretch, range) =>
      program.dispatch(
        getKernel(gpu, { name: "norm_penalty_adjoint", code: normPenaltyAdjointCode }),
        { clock, norm, x: x.value, gradient },
        { ...stretch, range, weight, divisor },
        { invocations: stretch.elements },
      )
    );
  tape.adjoint(() => addGradientRows(tape, x, adjoint), [norm]);
}

/**
 * Records the penalty on the rows that the batch names, (‖E_u‖_F + ‖E_p‖_F + ‖E_n‖_F) / B with E_u, E_p and
 * E_n the rows of its B users, positive and negative items: a row counts as often as it is named. One of
 * weight 0 records nothing and is reported as 0.
 *
 * @param embeddings E, users and items stacked, × width.
 * @param batch Of the step; names the rows.
 * @param term Where the loss is reported, and its weight.
 * @param userCount How many of the rows are users'.
 * @param squared Whether half the squares are added up in the place of the norms.
 */
export function normPenaltyOfBatch(
  tape: Tape,
  embeddings: Variable,
  batch: Batch,
  term: LossTerm,
  userCount: number,
  squared = false,
): void {
  if (term.weight === 0) return;
  const lists = ["user", "positive", "negative"] as const;
  const rows = gatherBatch(tape, embeddings, batch, lists, { firstRow: 0, userCount });
  const { batchSize } = batch.shape;
  const ranges = lists.map((_, list) => ({ firstRow: list * batchSize, rowCount: batchSize }));
  normPenalty(tape, rows, ranges, batch, term, { squared });
}
