/**
 * Bayesian personalised ranking: L = −mean_t log(γ + σ(x_t)), x_t = ⟨h_u, h_p⟩ − ⟨h_u, h_n⟩, over the
 * triples of a batch (paper, Eq. 6, where γ = 0).
 *
 * Scores (sums over columns), coefficients (per triple) and gradient (per row) are separate stages:
 * only the first mixes columns.
 *
 * Adjoint: with c_t = w dL/dx_t, row r of dL/dH is Σ ± c_t h_partner over the triples that name r,
 * gathered through the batch's own CSR.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import type { Batch } from "../../tape/batch.ts";
import bprCoefficients from "../../../kernels/bpr_coefficients.wgsl" with { type: "text" };
import bprScores from "../../../kernels/bpr_scores.wgsl" with { type: "text" };
import tripleEntries from "../../../kernels/gather/triple_entries.wgsl" with { type: "text" };
import { addedTo } from "../../tape/ending.ts";
import { addGradientRows } from "../../tape/gradient.ts";
import type { LossTerm } from "../../tape/loss_term.ts";
import type { Tape, Variable } from "../../tape/tape.ts";
import { recordGather, rowsOfBatch } from "../graphs/gather.ts";

/** γ in the loss of MMRec's and RecBole's code. */
export const BPR_GAMMA = 1e-10;

/**
 * Records the loss of the current batch and its adjoint.
 *
 * @param gamma γ, which some authors add to keep the logarithm finite.
 */
export function bprLoss(
  tape: Tape,
  h: Variable,
  batch: Batch,
  { index: term, count: term_count, weight }: LossTerm,
  gamma = 0,
): void {
  const { gpu, program } = tape;
  const { clock, user, positive, negative, terms, shape } = batch;
  const { triples, batchSize } = shape;
  const dim4 = h.value.shape[1]! / 4;
  const params = { triples, batch_size: batchSize };
  const margin = tape.take("margins", [batchSize]);
  const coefficient = tape.take("coefficients", [batchSize]);
  program.dispatch(
    getKernel(gpu, { name: "bpr_scores", code: bprScores }, { dim4 }),
    { user, positive, negative, clock, h: h.value, margin },
    params,
    { invocations: batchSize },
  );
  program.dispatch(
    getKernel(gpu, { name: "bpr_coefficients", code: bprCoefficients }),
    { clock, margin, coefficient, terms },
    { ...params, gamma, weight, term, term_count },
    { workgroups: 1 },
  );
  tape.release(margin);
  const { entryStart: entry_start, partner, signedSlot } = batch;
  const entries = {
    source: { name: "gather/triple_entries", code: tripleEntries },
    tensors: { entry_start, partner, signed_slot: signedSlot, coefficient },
  };
  const rows = rowsOfBatch(batch);
  const adjoint = (gradient: Tensor): void =>
    recordGather(tape.program, { rows, entries, input: h.value, ending: addedTo(gradient) });
  tape.adjoint(() => addGradientRows(tape, h, adjoint), [coefficient]);
}
