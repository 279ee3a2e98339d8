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
import type { Gpu } from "../../gpu/device.ts";
import { getKernel } from "../../gpu/kernel.ts";
import { createTensors, type Tensor } from "../../gpu/tensor.ts";
import bprCoefficients from "../../../kernels/bpr_coefficients.wgsl" with { type: "text" };
import bprGradient from "../../../kernels/bpr_gradient.wgsl" with { type: "text" };
import bprScores from "../../../kernels/bpr_scores.wgsl" with { type: "text" };
import { openGradient } from "../../tape/gradient.ts";
import type { LossTerm } from "../../tape/loss_term.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/** γ in the loss of MMRec's and RecBole's code. */
export const BPR_GAMMA = 1e-10;

/** The sizes of an epoch. */
export interface EpochShape {
  /** Rows of H: users, then items. */
  readonly rows: number;
  /** Triples in an epoch. */
  readonly triples: number;
  /** Triples in a batch; the last one may hold fewer. */
  readonly batchSize: number;
}

/** An epoch's triples and gathers on the GPU, as kernels/bpr_gradient.wgsl describes them. */
export interface TripleTensors extends Disposable {
  /** Sizes of the epoch. */
  readonly shape: EpochShape;
  /** Number of the batch within the epoch, and since training was set up. */
  readonly clock: Tensor;
  /** Rows of H of the users, one per triple. */
  readonly user: Tensor;
  /** Rows of the items they interacted with. */
  readonly positive: Tensor;
  /** Rows of items they did not. */
  readonly negative: Tensor;
  /** Where each batch's touched rows begin in `row`. */
  readonly batchStart: Tensor;
  /** Touched rows, batch after batch. */
  readonly row: Tensor;
  /** Where each touched row's entries begin. */
  readonly entryStart: Tensor;
  /** The other row of H, per entry. */
  readonly partner: Tensor;
  /** 2 × the triple's place in its batch, + 1 where it counts negatively. */
  readonly signedSlot: Tensor;
  /** The loss's terms without their weights, batches × terms; see src/tape/loss_term.ts. */
  readonly terms: Tensor;
  /** Marks of the rows that the current batch touches; see kernels/mark_batch.wgsl. */
  readonly mark: Tensor;
}

/** Batches in an epoch. */
export function stepCount({ triples, batchSize }: EpochShape): number {
  return Math.ceil(triples / batchSize);
}

/** The most rows that one batch can touch. */
export function touchedRows({ rows, triples, batchSize }: EpochShape): number {
  return Math.min(rows, 3 * Math.min(triples, batchSize));
}

/**
 * Allocates an epoch's batches; src/training/sampler.ts fills them.
 *
 * @param termCount How many terms the losses have.
 */
export function createTripleTensors(
  gpu: Gpu,
  shape: EpochShape,
  termCount: number,
): TripleTensors {
  const { triples } = shape;
  const steps = stepCount(shape);
  const touched = Math.min(3 * triples, steps * touchedRows(shape));
  const tensors = createTensors(gpu, {
    clock: ["clock", [2]],
    user: ["batch users", [triples]],
    positive: ["batch positives", [triples]],
    negative: ["batch negatives", [triples]],
    batchStart: ["batch starts", [steps + 1]],
    row: ["touched rows", [touched]],
    entryStart: ["entry starts", [touched + 1]],
    partner: ["partner rows", [4 * triples]],
    signedSlot: ["signed slots", [4 * triples]],
    terms: ["loss terms", [steps, termCount]],
    mark: ["marks of touched rows", [shape.rows]],
  });
  return { shape, ...tensors };
}

/**
 * Records the loss of the current batch and its adjoint.
 *
 * @param gamma γ, which some authors add to keep the logarithm finite.
 */
export function bprLoss(
  tape: Tape,
  h: Variable,
  batches: TripleTensors,
  { index: term, count: term_count, weight }: LossTerm,
  gamma = 0,
): void {
  const { gpu, program } = tape;
  const { clock, user, positive, negative, terms, shape } = batches;
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
  tape.adjoint(() => {
    const { batchStart, row, entryStart, partner, signedSlot } = batches;
    const gradient = openGradient(tape, h);
    program.dispatch(
      getKernel(gpu, { name: "bpr_gradient", code: bprGradient }, { dim4 }),
      {
        clock,
        batch_start: batchStart,
        row,
        entry_start: entryStart,
        partner,
        signed_slot: signedSlot,
        coefficient,
        h: h.value,
        gradient,
      },
      {},
      { invocations: touchedRows(shape) * dim4 },
    );
    tape.release(coefficient);
  });
}
