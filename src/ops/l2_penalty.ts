/**
 * A penalty on squares: L = Σ x² / (2c).
 *
 * Adjoint: dL/dx = x / c.
 *
 * @module
 */
import { getKernel } from "../gpu/kernel.ts";
import { elementCount } from "../gpu/tensor.ts";
import l2PenaltyCode from "../../kernels/l2_penalty.wgsl" with { type: "text" };
import sumSquaresCode from "../../kernels/sum_squares.wgsl" with { type: "text" };
import type { TripleTensors } from "./bpr_loss.ts";
import { addScaled, openGradient } from "./gradient.ts";
import type { LossTerm } from "./loss_term.ts";
import type { Tape, Variable } from "./tape.ts";

/** Workgroups that share the sum of squares. */
const PARTS = 32;

/**
 * Records the penalty as a term of the loss, and its adjoint.
 *
 * @param x Of any shape.
 * @param divisor c.
 */
export function l2Penalty(
  tape: Tape,
  x: Variable,
  { clock, terms }: Pick<TripleTensors, "clock" | "terms">,
  { index: term, count: term_count, weight }: LossTerm,
  divisor: number,
): void {
  const { gpu, program } = tape;
  const squares = tape.take("sums of squares", [PARTS]);
  program.dispatch(
    getKernel(gpu, { name: "sum_squares", code: sumSquaresCode }),
    { x: x.value, part_sum: squares },
    { first: 0, elements: elementCount(x.value.shape), slot: 0 },
    { workgroups: PARTS },
  );
  program.dispatch(
    getKernel(gpu, { name: "l2_penalty", code: l2PenaltyCode }),
    { clock, squares, terms },
    { parts: PARTS, divisor, term, term_count },
    { workgroups: 1 },
  );
  tape.release(squares);
  tape.adjoint(() => {
    if (!x.constant) addScaled(tape, openGradient(tape, x), x.value, weight / divisor);
  });
}
