/**
 * The entries of a sparse matrix two by two, so that a kernel loads both at once.
 *
 * @module
 */
import type { SparseMatrix } from "./csr.ts";

/** Integers per pair: column and bits of the weight, of two entries. */
export const WORDS_PER_PAIR = 4;

/** A sparse matrix whose rows consist of pairs of entries. */
export interface PairedEntries {
  /** Rows + 1 offsets, in pairs. */
  readonly pairStart: Uint32Array<ArrayBuffer>;
  /** All pairs in order, {@linkcode WORDS_PER_PAIR} numbers each. */
  readonly entries: Uint32Array<ArrayBuffer>;
}

/** The most pairs that so many entries make up, however they spread over the rows. */
export function mostPairs(rows: number, entries: number): number {
  return Math.floor((entries + Math.min(rows, entries)) / 2);
}

function pairStarts(rowStart: Uint32Array): Uint32Array<ArrayBuffer> {
  const pairStart = new Uint32Array(rowStart.length);
  for (let row = 1; row < rowStart.length; row++) {
    pairStart[row] = pairStart[row - 1]! + Math.ceil((rowStart[row]! - rowStart[row - 1]!) / 2);
  }
  return pairStart;
}

/**
 * Pairs up the entries of each row, in order. A row with an odd number of entries ends in an entry of
 * weight 0 with the column of its last one, which is in the cache anyway.
 */
export function pairEntries({ rowCount, rowStart, column, value }: SparseMatrix): PairedEntries {
  const pairStart = pairStarts(rowStart);
  const entries = new Uint32Array(WORDS_PER_PAIR * pairStart[rowCount]!);
  const weights = new Float32Array(entries.buffer);
  for (let row = 0; row < rowCount; row++) {
    let at = WORDS_PER_PAIR * pairStart[row]!;
    for (let entry = rowStart[row]!; entry < rowStart[row + 1]!; entry++) {
      entries[at] = column[entry]!;
      weights[at + 1] = value[entry]!;
      at += 2;
    }
    if (at < WORDS_PER_PAIR * pairStart[row + 1]!) entries[at] = entries[at - 2]!;
  }
  return { pairStart, entries };
}
