/**
 * A contrast between two views of the batch: with rows a_i, b_i of length 1 for the slots i of a batch,
 *
 *     L = −mean_i log( exp(⟨a_i, b_i⟩/τ) / Z_i + 1e-8 ),
 *     Z_i = Σ_{j≠i} exp(⟨a_i, a_j⟩/τ) + Σ_j exp(⟨a_i, b_j⟩/τ):
 *
 * each slot's two views are to be closer than its first view is to any of the other slots' views.
 *
 * Adjoint: with S = A Aᵀ and C = A Bᵀ, kernels/contrast_adjoint.wgsl gives dS and dC, and
 * dA = (dS + dSᵀ) A + dC B, dB = dCᵀ A.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import { stretches } from "../../gpu/stretches.ts";
import contrastAdjointCode from "../../../kernels/contrast_adjoint.wgsl" with { type: "text" };
import contrastRowsCode from "../../../kernels/contrast_rows.wgsl" with { type: "text" };
import { batchMean } from "./batch_mean.ts";
import type { Batch } from "../../tape/batch.ts";
import type { LossTerm } from "../../tape/loss_term.ts";
import { addProduct } from "../rows/linear.ts";
import { recordProduct } from "../rows/matrix_product.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/** What either kernel does with each of a row's products, about. */
const OPERATIONS_PER_PRODUCT = 8;

/**
 * Records the contrast of the current batch as a term of the loss, and its adjoint.
 *
 * @param a batch size × width, rows of length 1 (or 0). What a partial batch leaves of them does not
 * count.
 * @param b The other view, of the same shape.
 * @param batch Of the step; says which rows count.
 * @param term Where the loss is reported, and its weight.
 * @param tau τ; the smaller, the more the closest others count.
 * @param limit Floating-point operations of a dispatch at most, as far as rows and workgroups allow.
 */
export function contrastiveLoss(
  tape: Tape,
  a: Variable,
  b: Variable,
  batch: Batch,
  term: LossTerm,
  tau: number,
  limit?: number,
): void {
  const { gpu, program } = tape;
  const { clock, shape: { batchSize: batch_size } } = batch;
  const params = { inverse_tau: 1 / tau, batch_size };
  const parts = stretches({
    units: batch_size,
    largestUnit: OPERATIONS_PER_PRODUCT * 2 * batch_size,
  }, limit);
  const own = tape.take("products within a view", [batch_size, batch_size]);
  const across = tape.take("products across views", [batch_size, batch_size]);
  recordProduct(tape, a.value, a.value, { transposeB: true }, own, false, undefined, limit);
  recordProduct(tape, a.value, b.value, { transposeB: true }, across, false, undefined, limit);
  const total = tape.take("contrast totals", [batch_size, 2]);
  const share = tape.take("contrast shares", [batch_size]);
  const loss = tape.take("contrast losses", [batch_size]);
  for (const { first, count } of parts) {
    program.dispatch(
      getKernel(gpu, { name: "contrast_rows", code: contrastRowsCode }),
      { clock, own, across, total, share, loss },
      { ...params, first_row: first, end_row: first + count },
      { workgroups: count },
    );
  }
  batchMean(tape, loss, batch, term);
  tape.release(loss);
  tape.adjoint(() => {
    if (a.constant && b.constant) return;
    // In the place of S and C.
    for (const { first, count } of parts) {
      program.dispatch(
        getKernel(gpu, { name: "contrast_adjoint", code: contrastAdjointCode }),
        { clock, total, share, own, across },
        { ...params, weight: term.weight, first_row: first, end_row: first + count },
        { invocations: count * batch_size },
      );
    }
    const [ds, dc] = [own, across];
    addProduct(tape, a, ds, a.value, {});
    addProduct(tape, a, ds, a.value, { transposeA: true });
    addProduct(tape, a, dc, b.value, {});
    addProduct(tape, b, dc, a.value, { transposeA: true });
  }, [own, across, total, share]);
}
