/**
 * Bayesian personalised ranking on gathered rows: L = −mean_t log σ(x_t), x_t = ⟨u_t, p_t − n_t⟩,
 * where users' and items' rows are of matrices of their own. What src/ops/losses/bpr_loss.ts is for stacked ones.
 *
 * Adjoint: with c_t = dL/dx_t, du_t = c_t (p_t − n_t), dp_t = c_t u_t, dn_t = −c_t u_t.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import bprCoefficients from "../../../kernels/bpr_coefficients.wgsl" with { type: "text" };
import bprRowsGradient from "../../../kernels/bpr_rows_gradient.wgsl" with { type: "text" };
import bprRowsScores from "../../../kernels/bpr_rows_scores.wgsl" with { type: "text" };
import type { Batch } from "../../tape/batch.ts";
import { addGradientInPlace } from "../../tape/gradient.ts";
import type { LossTerm } from "../../tape/loss_term.ts";
import { lanesFor } from "../rows/row_lanes.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/**
 * Records the loss of the current batch and its adjoint.
 *
 * @param users batch size × width, any width: the users' rows.
 * @param items (2 · batch size) × width: the positive items' rows, then the negative ones'.
 */
export function bprRowsLoss(
  tape: Tape,
  users: Variable,
  items: Variable,
  { clock, terms, shape: { triples, batchSize } }: Batch,
  { index: term, count: term_count, weight }: LossTerm,
): void {
  const { gpu, program } = tape;
  const width = users.value.shape[1]!;
  const lanes = lanesFor(width);
  const epoch = { triples, batch_size: batchSize };
  const margin = tape.take("margins", [batchSize]);
  const coefficient = tape.take("coefficients", [batchSize]);
  program.dispatch(
    getKernel(gpu, { name: "bpr_rows_scores", code: bprRowsScores }, { lanes }),
    { users: users.value, items: items.value, margin },
    { batch_size: batchSize, width },
    { invocations: batchSize * lanes },
  );
  program.dispatch(
    getKernel(gpu, { name: "bpr_coefficients", code: bprCoefficients }),
    { clock, margin, coefficient, terms },
    { ...epoch, gamma: 0, weight, term, term_count },
    { workgroups: 1 },
  );
  tape.release(margin);
  /** Records one side's gradient. */
  const passGradient = (side: Variable, other: Tensor): void =>
    addGradientInPlace(tape, side, (gradient, keep) =>
      program.dispatch(
        getKernel(gpu, { name: "bpr_rows_gradient", code: bprRowsGradient }),
        { clock, coefficient, other, gradient },
        { ...epoch, width, of_users: Number(side === users), keep: Number(keep) },
        { invocations: side.value.shape[0]! * width },
      ));
  tape.adjoint(() => {
    passGradient(users, items.value);
    passGradient(items, users.value);
  }, [coefficient]);
}
