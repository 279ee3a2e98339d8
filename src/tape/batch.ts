/**
 * The batch of a training step. The triples (user, positive item, negative item) of an epoch, or of a chunk of a
 * long one, lie on the GPU, batch after batch, and with them, for every row of H that a batch names, which rows it
 * was paired with.
 *
 * A step is recorded once for all batches; which one is current, a record of the clock says.
 *
 * @module
 */
import type { GpuDevice } from "../gpu/device.ts";
import type { Program } from "../gpu/program.ts";
import { createTensors, type Tensor, write } from "../gpu/tensor.ts";
import { createClock } from "./clock.ts";

/** The sizes of an epoch, or of the chunk of one that lies on the GPU at once. */
export interface EpochShape {
  /** Rows of H: users, then items. */
  readonly rows: number;
  /** Triples in all batches. */
  readonly triples: number;
  /** Triples in a batch; the last one may hold fewer. */
  readonly batchSize: number;
}

/** What an epoch, or a chunk of one, consists of, as it is uploaded; rows are of H. */
export interface BatchArrays {
  /** Rows of the users, one per triple. */
  readonly user: Uint32Array<ArrayBuffer>;
  /** Rows of the items they interacted with. */
  readonly positive: Uint32Array<ArrayBuffer>;
  /** Rows of items they did not. */
  readonly negative: Uint32Array<ArrayBuffer>;
  /** Touched rows, batch after batch, each batch followed by the rows that the one before alone touched. */
  readonly row: Uint32Array<ArrayBuffer>;
  /** Where each listed row's entries begin, stale rows having none; listed rows + 1 offsets. */
  readonly entryStart: Uint32Array<ArrayBuffer>;
  /** Per entry, the row that the row was paired with. */
  readonly partner: Uint32Array<ArrayBuffer>;
  /** 2 × the triple's place in its batch, + 1 where it counts negatively. */
  readonly signedSlot: Uint32Array<ArrayBuffer>;
}

/**
 * The current batch, within all batches of an epoch on the GPU; its gather is what
 * kernels/gather/batch_rows.wgsl and triple_entries.wgsl describe.
 */
export interface Batch extends Disposable {
  /** Number of rows, triples and triples per batch. */
  readonly shape: EpochShape;
  /** Records of the steps, of which a replay binds one; see clock.ts. */
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
  /** What the margins of BPR get beside what is trained. */
  readonly offsets?: MarginOffsets;
}

/** Fixed numbers that margins get. */
export interface MarginOffsets extends Disposable {
  /** Records that the margins of the current batch, one per triple, get theirs. */
  record(program: Program, batch: Batch, margin: Tensor): void;
}

/** Batches in an epoch, or a chunk. */
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
 * Allocates the batch of a step, with room for an epoch or a chunk of one; {@linkcode uploadBatches} fills it.
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

/** Uploads batches, after all work submitted so far. */
export function uploadBatches(gpu: GpuDevice, batch: Batch, arrays: BatchArrays): void {
  for (const name of UPLOADED) write(gpu, batch[name], arrays[name]);
}

const UPLOADED = [
  "user",
  "positive",
  "negative",
  "row",
  "entryStart",
  "partner",
  "signedSlot",
] as const satisfies readonly (keyof BatchArrays)[];
