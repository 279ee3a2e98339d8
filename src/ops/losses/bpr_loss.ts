/**
 * Bayesian personalised ranking: L = −mean_t log(γ + σ(x_t)), x_t = ⟨h_u, h_p⟩ − ⟨h_u, h_n⟩, over the
 * triples of a batch (paper, Eq. 6, where γ = 0). A batch may have offsets, which x_t gets beside.
 *
 * Scores (sums over columns), coefficients (per triple) and gradient (per row) are separate stages:
 * only the first mixes columns. The losses of all triples are averaged when the epoch ends.
 *
 * Adjoint: with c_t = w dL/dx_t, row r of dL/dH is Σ ± c_t h_partner over the triples that name r, gathered
 * through the batch's own CSR; by gathered rows, du_t = c_t p_t − c_t n_t, dp_t = c_t u_t, dn_t = −c_t u_t.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import { dispatchParts, type KernelPart } from "../../gpu/part.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import batchMeans from "../../../kernels/batch_means.wgsl" with { type: "text" };
import bprCoefficients from "../../../kernels/bpr_coefficients.wgsl" with { type: "text" };
import bprScores from "../../../kernels/bpr_scores.wgsl" with { type: "text" };
import epochRows from "../../../kernels/bpr/epoch_rows.wgsl" with { type: "text" };
import gatheredRows from "../../../kernels/bpr/gathered_rows.wgsl" with { type: "text" };
import slotEntries from "../../../kernels/gather/slot_entries.wgsl" with { type: "text" };
import tripleEntries from "../../../kernels/gather/triple_entries.wgsl" with { type: "text" };
import { type Batch, stepCount } from "../../tape/batch.ts";
import { addedTo, type Ending, storedIn } from "../../tape/ending.ts";
import { addGradientInPlace, addGradientOfBatch } from "../../tape/gradient.ts";
import type { LossTerm } from "../../tape/loss_term.ts";
import type { Tape, Variable } from "../../tape/tape.ts";
import { everyRow, recordGather, rowsOfBatch, wholeRows } from "../graphs/gather.ts";

/** γ in the loss of MMRec's and RecBole's code. */
export const BPR_GAMMA = 1e-10;

/** How a row of the gradient is shared: few are in more than a handful of a batch's triples. */
const ROW_SHARING = { share: 4, longest: 16 };

/**
 * Records the loss of the current batch and its adjoint.
 *
 * @param h H, users, then items, × dim, dim a multiple of 4.
 * @param gamma γ, which some authors add to keep the logarithm finite.
 */
export function bprLoss(
  tape: Tape,
  h: Variable,
  batch: Batch,
  term: LossTerm,
  gamma = 0,
): void {
  const { user, positive, negative, entryStart: entry_start, partner, signedSlot } = batch;
  const vectors = {
    source: { name: "bpr/epoch_rows", code: epochRows },
    tensors: { user, positive, negative, h: h.value },
  };
  const dim = h.value.shape[1]!;
  const coefficient = recordCoefficients(tape, vectors, dim, batch, term, gamma);
  const entries = {
    source: { name: "gather/triple_entries", code: tripleEntries },
    tensors: { entry_start, partner, signed_slot: signedSlot, coefficient },
  };
  const recordGradient = (ending: Ending, withStale: boolean): void => {
    const walk = wholeRows(tape.gpu, rowsOfBatch(batch, { withStale }), ROW_SHARING);
    recordGather(tape.program, { walk, entries, input: h.value, ending });
  };
  tape.adjoint(() => addGradientOfBatch(tape, h, recordGradient), [coefficient]);
}

/**
 * The same on gathered rows, where users' and items' are of matrices of their own.
 *
 * @param users batch size × dim, dim a multiple of 4: the users' rows.
 * @param items (2 · batch size) × dim: the positive items' rows, then the negative ones'.
 */
export function bprRowsLoss(
  tape: Tape,
  users: Variable,
  items: Variable,
  batch: Batch,
  term: LossTerm,
): void {
  const { clock, shape: { batchSize: batch_size } } = batch;
  const vectors = {
    source: { name: "bpr/gathered_rows", code: gatheredRows },
    tensors: { users: users.value, items: items.value },
  };
  const dim = users.value.shape[1]!;
  const coefficient = recordCoefficients(tape, vectors, dim, batch, term, 0);
  /** Records one side's gradient. */
  const passGradient = (side: Variable, { value: input }: Variable): void => {
    const walk = wholeRows(tape.gpu, everyRow(side.value.shape[0]!), { share: 1 });
    const entries = {
      source: { name: "gather/slot_entries", code: slotEntries },
      tensors: { clock, coefficient },
      constants: { of_users: Number(side === users), batch_size },
    };
    addGradientInPlace(tape, side, (gradient, keep) => {
      const ending = keep ? addedTo(gradient) : storedIn(gradient);
      recordGather(tape.program, { walk, entries, input, ending });
    });
  };
  tape.adjoint(() => {
    passGradient(users, items);
    passGradient(items, users);
  }, [coefficient]);
}

/** Records the loss, and returns the coefficients, taken from the tape, that its adjoint starts from. */
function recordCoefficients(
  tape: Tape,
  vectors: KernelPart,
  dim: number,
  batch: Batch,
  { index: term, count: term_count, weight }: LossTerm,
  gamma: number,
): Tensor {
  const { gpu, program, closing } = tape;
  const { clock, losses: loss, terms, shape, offsets } = batch;
  const { batchSize: batch_size } = shape, batches = stepCount(shape);
  const margin = tape.take("margins", [batch_size]);
  const coefficient = tape.take("coefficients", [batch_size]);
  const first = term * shape.triples;
  dispatchParts(
    program,
    {
      source: { name: "bpr_scores", code: bprScores },
      tensors: { clock, margin },
      constants: { dim4: dim / 4 },
      params: { batch_size },
    },
    [vectors],
    { invocations: batch_size },
  );
  offsets?.record(program, batch, margin);
  program.dispatch(
    getKernel(gpu, { name: "bpr_coefficients", code: bprCoefficients }),
    { clock, margin, coefficient, loss },
    { batch_size, first, gamma, weight },
    { invocations: batch_size },
  );
  closing.dispatch(
    getKernel(gpu, { name: "batch_means", code: batchMeans }),
    { record: clock, loss, terms },
    { batch_size, batches, first, term, term_count },
    { workgroups: batches },
  );
  tape.release(margin);
  return coefficient;
}
