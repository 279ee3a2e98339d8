/**
 * The batch of a training step. The triples (user, positive item, negative item) of a whole epoch lie on
 * the GPU, batch after batch, and with them, for every row of H that a batch names, which rows it was paired
 * with.
 *
 * A step is recorded once for all batches; a counter on the GPU says which one is current.
 *
 * @module
 */
import type { GpuDevice } from "../gpu/device.ts";
import { createTensors, type Tensor } from "../gpu/tensor.ts";

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
  /** The current batch's number within the epoch, then its number since training was set up. */
  readonly clock: Tensor;
  /** Rows of H of the users, one per triple. */
  readonly user: Tensor;
  /** Rows of the items they interacted with. */
  readonly positive: Tensor;
  /** Rows of items they did not. */
  readonly negative: Tensor;
  /** Per batch, the index in `row` at which its rows begin; batches + 1 offsets. */
  readonly batchStart: Tensor;
  /** The rows of H that each batch names, each once, batch after batch. */
  readonly row: Tensor;
  /** Per element of `row`, the index in `partner` at which its entries begin. */
  readonly entryStart: Tensor;
  /** Per entry, the row of H that the row was paired with. */
  readonly partner: Tensor;
  /** Per entry, 2 × the triple's place in its batch, + 1 where the pair is one with the negative item. */
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
