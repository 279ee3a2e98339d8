/**
 * Bayesian personalised ranking: L = mean_t softplus(⟨h_u, h_n⟩ − ⟨h_u, h_p⟩) over the triples of a
 * batch (paper, Eq. 6).
 *
 * Scores (sums over columns), coefficients (per triple) and gradient (per row) are separate stages:
 * only the first mixes columns.
 *
 * Adjoint: with c_t = dL/dmargin_t, row r of dL/dH is Σ ± c_t h_partner over the triples that name r,
 * gathered through the batch's own CSR.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { getKernel } from "../gpu/kernel.ts";
import { createTensors, type Tensor } from "../gpu/tensor.ts";
import bprCoefficients from "../../kernels/bpr_coefficients.wgsl" with { type: "text" };
import bprGradient from "../../kernels/bpr_gradient.wgsl" with { type: "text" };
import bprScores from "../../kernels/bpr_scores.wgsl" with { type: "text" };
import clearRows from "../../kernels/clear_rows.wgsl" with { type: "text" };
import type { Tape, Variable } from "./tape.ts";

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
  /** Sum of the triples' losses, per batch. */
  readonly loss: Tensor;
  /** Marks of the rows near the current batch; see kernels/mark_near.wgsl. */
  readonly near: Tensor;
}

/** Batches in an epoch. */
export function stepCount({ triples, batchSize }: EpochShape): number {
  return Math.ceil(triples / batchSize);
}

/** The most rows that one batch can touch. */
export function touchedRows({ rows, triples, batchSize }: EpochShape): number {
  return Math.min(rows, 3 * Math.min(triples, batchSize));
}

/** Allocates an epoch's batches; src/training/sampler.ts fills them. */
export function createTripleTensors(gpu: Gpu, shape: EpochShape): TripleTensors {
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
    loss: ["batch losses", [steps]],
    near: ["marks near the batch", [shape.rows]],
  });
  return { shape, ...tensors };
}

/**
 * Records the loss of the current batch and its adjoint. `gradient` is the dLoss/dH to write to, zero
 * when the step begins; {@linkcode clearGradient} makes it so again.
 */
export function bprLoss(tape: Tape, h: Variable, batches: TripleTensors, gradient: Tensor): void {
  const { gpu, program, scratch } = tape;
  const { clock, user, positive, negative, loss, shape } = batches;
  const { triples, batchSize } = shape;
  const dim4 = h.value.shape[1]! / 4;
  const params = { triples, batch_size: batchSize };
  const margin = scratch.take("margins", [batchSize]);
  const coefficient = scratch.take("coefficients", [batchSize]);
  program.dispatch(
    getKernel(gpu, { name: "bpr_scores", code: bprScores }, { dim4 }),
    { user, positive, negative, clock, h: h.value, margin },
    params,
    { invocations: batchSize },
  );
  program.dispatch(
    getKernel(gpu, { name: "bpr_coefficients", code: bprCoefficients }),
    { clock, margin, coefficient, loss },
    params,
    { workgroups: 1 },
  );
  scratch.release(margin);
  tape.adjoint(() => {
    const { batchStart, row, entryStart, partner, signedSlot } = batches;
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
    scratch.release(coefficient);
    h.gradient = gradient;
  });
}

/** Records that the rows of `gradient` which the current batch touched are zero again. */
export function clearGradient(tape: Tape, batches: TripleTensors, gradient: Tensor): void {
  const { clock, batchStart, row, shape } = batches;
  const dim4 = gradient.shape[1]! / 4;
  tape.program.dispatch(
    getKernel(tape.gpu, { name: "clear_rows", code: clearRows }, { dim4 }),
    { clock, batch_start: batchStart, row, matrix: gradient },
    {},
    { invocations: touchedRows(shape) * dim4 },
  );
}
