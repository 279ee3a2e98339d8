/**
 * Draws an epoch's triples: every train pair once, in a fresh random order, each with one negative, drawn
 * uniformly over all items and again while it is one of the user's train items.
 *
 * An epoch's batches depend on the seed and the epoch's number alone, so that a resumed run draws
 * exactly what an uninterrupted one would have drawn.
 *
 * @module
 */
import { InputError } from "../input_error.ts";
import { createRandom, type RandomSource, shuffle, uniformBelow } from "../random.ts";
import { type BatchArrays, type EpochShape, listedRows, stepCount } from "../tape/batch.ts";
import type { BatchPlaces } from "../tape/clock.ts";
import type { SparsePattern } from "../sparse/csr.ts";

/** Triples of rows of H (users first, then items), in the order they are trained on. */
export type Triples = Pick<BatchArrays, "user" | "positive" | "negative">;

/** Triples, and per batch a CSR from touched rows to their partners; see kernels/gather/triple_entries.wgsl. */
export interface EpochBatches extends BatchArrays, BatchPlaces {}

/**
 * Draws epoch after epoch, each in chunks of whole batches. Of a whole epoch it keeps the order alone; each chunk's
 * arrays are its own.
 *
 * @param shape Of a chunk; the last one of an epoch may have fewer triples.
 * @param epoch The first epoch.
 * @throws {InputError} when a user's train items are all items there are.
 */
export function* drawEpochs(
  train: SparsePattern,
  seed: number,
  shape: EpochShape,
  epoch: number,
): Generator<EpochBatches, never> {
  requireNegatives(train);
  const owner = ownersOf(train);
  const order = new Uint32Array(owner.length);
  for (;; epoch++) {
    const random = createRandom(seed, epoch);
    for (let pair = 0; pair < order.length; pair++) order[pair] = pair;
    shuffle(random, order);
    for (let first = 0; first < order.length; first += shape.triples) {
      const pairs = order.subarray(first, first + shape.triples);
      const triples = drawTriples(random, train, owner, pairs);
      yield gatherBatches(triples, { ...shape, triples: pairs.length });
    }
  }
}

/** Bytes that drawing takes at most: of the epoch its pairs, and chunks drawn, being uploaded and on their way. */
export function drawingBytes(train: SparsePattern, chunk: EpochShape): number {
  const { rows, triples } = chunk, listed = listedRows(chunk), steps = stepCount(chunk);
  const numbers = 3 * triples + 2 * listed + 1 + 8 * triples + 3 * steps + 1;
  return 4 * (2 * train.column.length + rows + 3 * numbers);
}

/** The user of each pair. */
function ownersOf({ rowCount, rowStart, column }: SparsePattern): Uint32Array {
  const owner = new Uint32Array(column.length);
  for (let user = 0; user < rowCount; user++) owner.fill(user, rowStart[user], rowStart[user + 1]);
  return owner;
}

/** Gives each of these pairs a negative. */
function drawTriples(
  random: RandomSource,
  train: SparsePattern,
  owner: Uint32Array,
  pairs: Uint32Array,
): Triples {
  const { rowCount: userCount, columnCount: itemCount, column } = train;
  const user = new Uint32Array(pairs.length);
  const positive = new Uint32Array(pairs.length);
  const negative = new Uint32Array(pairs.length);
  for (let t = 0; t < pairs.length; t++) {
    const pair = pairs[t]!;
    const u = owner[pair]!;
    let item;
    do item = uniformBelow(random, itemCount); while (hasEntry(train, u, item));
    user[t] = u;
    positive[t] = userCount + column[pair]!;
    negative[t] = userCount + item;
  }
  return { user, positive, negative };
}

/**
 * Checks that a negative can be drawn for every user.
 *
 * @throws {InputError} when a user's train items are all items there are.
 */
export function requireNegatives({ rowCount, columnCount, rowStart }: SparsePattern): void {
  for (let user = 0; user < rowCount; user++) {
    if (rowStart[user + 1]! - rowStart[user]! >= columnCount) {
      throw new InputError(
        `User ${user} has all ${columnCount} items in train: no negative is left.`,
      );
    }
  }
}

/** Whether a row has an entry in a column, by bisection. */
function hasEntry({ rowStart, column }: SparsePattern, row: number, wanted: number): boolean {
  let low = rowStart[row]!, high = rowStart[row + 1]!;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (column[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low < rowStart[row + 1]! && column[low] === wanted;
}

/** Adds to triples the pairs of each batch, by row (CSR). */
export function gatherBatches(
  { user, positive, negative }: Triples,
  { rows, triples, batchSize }: EpochShape,
): EpochBatches {
  const steps = stepCount({ rows, triples, batchSize });
  const batchStart = new Uint32Array(steps + 1), batchEnd = new Uint32Array(steps);
  const batchLength = new Uint32Array(steps);
  const listed = listedRows({ rows, triples, batchSize });
  const row = new Uint32Array(listed);
  const entryStart = new Uint32Array(listed + 1);
  const partner = new Uint32Array(4 * triples);
  const signedSlot = new Uint32Array(4 * triples);
  // Where a row stands in `row`; of earlier batches when below the current one's start.
  const place = new Int32Array(rows).fill(-1);
  let touched = 0, entries = 0;
  // What the batch before touched.
  let stale = 0, staleEnd = 0;
  for (let step = 0; step < steps; step++) {
    const first = step * batchSize, end = Math.min(triples, first + batchSize);
    const start = batchStart[step] = touched;
    batchLength[step] = end - first;
    // A counting sort by row. First count each row's entries, one place ahead;
    const count = (r: number, more: number): void => {
      if (place[r]! < start) {
        place[r] = touched;
        row[touched++] = r;
        entryStart[touched] = 0;
      }
      entryStart[place[r]! + 1]! += more;
    };
    for (let t = first; t < end; t++) {
      count(user[t]!, 2);
      count(positive[t]!, 1);
      count(negative[t]!, 1);
    }
    // then turn counts into ends;
    for (let r = start; r < touched; r++) entryStart[r + 1]! += entryStart[r]!;
    entries = entryStart[touched]!;
    // then fill backwards, which turns the ends into starts and keeps entries in the order of triples.
    const put = (r: number, other: number, slot: number): void => {
      const entry = --entryStart[place[r]! + 1]!;
      partner[entry] = other;
      signedSlot[entry] = slot;
    };
    for (let t = end - 1; t >= first; t--) {
      const slot = 2 * (t - first);
      put(user[t]!, negative[t]!, slot + 1);
      put(user[t]!, positive[t]!, slot);
      put(positive[t]!, user[t]!, slot);
      put(negative[t]!, user[t]!, slot + 1);
    }
    // entryStart[r + 1] now holds the start of r: shift back by one place.
    entryStart.copyWithin(start, start + 1, touched + 1);
    batchEnd[step] = touched;
    for (let r = stale; r < staleEnd; r++) {
      if (place[row[r]!]! >= start) continue; // touched again
      entryStart[touched] = entries;
      row[touched++] = row[r]!;
    }
    entryStart[touched] = entries;
    [stale, staleEnd] = [start, batchEnd[step]!];
  }
  batchStart[steps] = touched;
  return {
    user,
    positive,
    negative,
    batchLength,
    batchStart,
    batchEnd,
    row: row.subarray(0, touched),
    entryStart: entryStart.subarray(0, touched + 1),
    partner,
    signedSlot,
  };
}
