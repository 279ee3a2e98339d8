/**
 * The batch of a training step. The triples (user, positive item, negative item) of a whole epoch lie on
 * the GPU, batch after batch, and with them, for every row of H that a batch names, which rows it was paired
 * with.
 *
 * A step is recorded once for all batches; which one is current, a record of the clock says.
 *
 * @module
 */
import type { GpuDevice } from "../gpu/device.ts";
import { createTensors, type Tensor } from "../gpu/tensor.ts";
import { createClock } from "./clock.ts";

/** The sizes of an epoch. */
export interface EpochShape {
  /** Rows of H: users, then items. */
  readonly rows: number;
  /** Triples in an epoch. */
  readonly triples: number;
  /** Triples in a batch; the last one may hold fewer. */
  readonly batchSize: number;
}

/**
 * The current batch, within all batches of an epoch on the GPU; its gather is what
 * kernels/gather/batch_rows.wgsl and triple_entries.wgsl describe.
 */
export interface Batch extends Disposable {
  /** Number of rows, triples and triples per batch. */
  readonly shape: EpochShape;
  /** Records of the epoch's steps, of which a replay binds one; see clock.ts. */
  readonly clock: Tensor;
  /** Rows of H of the users, one per triple. */
  readonly user: Tensor;
  /** Rows of the items they interacted with. */
  readonly positive: Tensor;
  /** Rows of items they did not. */
  readonly negative: Tensor;
  /** The rows of H that each batch names, each once, batch after batch, and after each its stale rows. */
  readonly row: Tensor;
  /** Per element of `row`, the index in `partner` at which its entries begin. */
  readonly entryStart: Tensor;
  /** Per entry, the row of H that the row was paired with. */
  readonly partner: Tensor;
  /** Per entry, 2 × the triple's place in its batch, + 1 where the pair is one with the negative item. */
  readonly signedSlot: Tensor;
  /** Losses of triples, terms × triples, for terms that are means of such; {@linkcode terms} gets the means. */
  readonly losses: Tensor;
  /** The loss's terms without their weights, batches × terms; see src/tape/loss_term.ts. */
  readonly terms: Tensor;
}

/** Batches in an epoch. */
export function stepCount({ triples, batchSize }: EpochShape): number {
  return Math.ceil(triples / batchSize);
}

/** The most rows that one batch can touch. */
export function touchedRows({ rows, triples, batchSize }: EpochShape): number {
  return Math.min(rows, 3 * Math.min(triples, batchSize));
}

/** The most rows that all batches of an epoch can list, stale ones included. */
export function listedRows(shape: EpochShape): number {
  const touched = Math.min(3 * shape.triples, stepCount(shape) * touchedRows(shape));
  return 2 * touched;
}

/**
 * Allocates the batch of a step, with room for all of an epoch; src/training/sampler.ts fills it.
 *
 * @param termCount How many terms the losses have.
 */
export function createBatch(
  gpu: GpuDevice,
  shape: EpochShape,
  termCount: number,
): Batch {
  const { triples } = shape;
  const steps = stepCount(shape);
  const listed = listedRows(shape);
  using guard = new DisposableStack();
  const clock = guard.use(createClock(gpu, steps));
  const tensors = guard.use(createTensors(gpu, {
    user: ["batch users", [triples]],
    positive: ["batch positives", [triples]],
    negative: ["batch negatives", [triples]],
    row: ["touched rows", [listed]],
    entryStart: ["entry starts", [listed + 1]],
    partner: ["partner rows", [4 * triples]],
    signedSlot: ["signed slots", [4 * triples]],
    losses: ["losses of triples", [termCount, triples]],
    terms: ["loss terms", [steps, termCount]],
  }));
  const owned = guard.move();
  return { shape, ...tensors, clock, [Symbol.dispose]: () => owned.dispose() };
}
