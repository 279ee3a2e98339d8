/**
 * How much of the interaction graph a batch reaches.
 *
 * @module
 */
import type { SparsePattern } from "../../src/sparse/csr.ts";
import type { EpochBatches } from "../../src/training/sampler.ts";

/** The average over some batches. */
export interface MeanBatch {
  /** Triples. */
  readonly triples: number;
  /** Rows that the batch before named and this one does not. */
  readonly stale: number;
  /** Rows of H: those that the triples name, these and their neighbours, all. */
  readonly rows: readonly number[];
  /** Entries of these rows in the graph, likewise. */
  readonly entries: readonly number[];
}

/** Counts the rows of a graph, (users + items)², by how near they are to the batches, on average. */
export function meanBatch(
  { rowCount, rowStart, column }: SparsePattern,
  { user, batchStart, batchEnd, row }: EpochBatches,
): MeanBatch {
  const batches = batchEnd.length;
  const rows = [0, 0, rowCount], entries = [0, 0, column.length];
  for (let batch = 0; batch < batches; batch++) {
    const touched = row.subarray(batchStart[batch], batchEnd[batch]);
    const near = new Set(touched);
    for (const r of touched) {
      for (let e = rowStart[r]!; e < rowStart[r + 1]!; e++) near.add(column[e]!);
    }
    [touched, near].forEach((reached, reach) => {
      for (const r of reached) {
        rows[reach]! += 1 / batches;
        entries[reach]! += (rowStart[r + 1]! - rowStart[r]!) / batches;
      }
    });
  }
  const stale = row.length / batches - rows[0]!;
  return { triples: user.length / batches, stale, rows, entries };
}
