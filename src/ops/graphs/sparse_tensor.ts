/**
 * A sparse matrix on the GPU whose entries may change there, and how long rows may be.
 *
 * @module
 */
import { type GpuDevice, GpuError } from "../../gpu/device.ts";
import { LOOP_ROUNDS } from "../../gpu/kernel.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { rowOf, type SparsePattern } from "../../sparse/csr.ts";

/** CSR of a matrix; packed_matrix.ts has those whose entries do not change. */
export interface SparseTensor extends Disposable {
  /** Number of rows. */
  readonly rowCount: number;
  /** `rowCount + 1` offsets. */
  readonly rowStart: Tensor;
  /** Column ids. */
  readonly column: Tensor;
  /** Values of the entries. */
  readonly value: Tensor;
}

/**
 * Checks that no row is too long for the kernels' loops.
 *
 * @throws {GpuError} when a row is longer than the software driver's loops, which would end early
 * without a word.
 */
export function requireRowLengths(
  { adapterName }: Pick<GpuDevice, "adapterName">,
  label: string,
  rowStart: Uint32Array,
): void {
  const longest = longestRow(rowStart);
  if (longest >= LOOP_ROUNDS && adapterName.includes("llvmpipe")) {
    throw new GpuError(
      `A row of "${label}" has ${longest} entries, and ${adapterName} loops ${LOOP_ROUNDS} times at most.`,
    );
  }
}

/**
 * Checks the same of kernels in which a workgroup walks, for each entry of a row, another row.
 *
 * @param rowStart Where the other rows, which the entries' columns name, begin.
 * @param passes Rounds of loops that a row takes besides.
 * @throws {GpuError} when a row has more to add up than the software driver's loops can.
 */
export function requireWalkedRounds(
  { adapterName }: Pick<GpuDevice, "adapterName">,
  label: string,
  rows: SparsePattern,
  rowStart: Uint32Array,
  { workgroupSize, passes }: Readonly<Record<"workgroupSize" | "passes", number>>,
): void {
  if (!adapterName.includes("llvmpipe")) return;
  for (let row = 0; row < rows.rowCount; row++) {
    let rounds = passes;
    for (const other of rowOf(rows, row)) {
      rounds += 2 + Math.ceil((rowStart[other + 1]! - rowStart[other]!) / workgroupSize);
    }
    if (rounds > LOOP_ROUNDS) {
      throw new GpuError(
        `Row ${row} of "${label}" takes ${rounds} rounds, and ${adapterName} loops ` +
          `${LOOP_ROUNDS} times at most.`,
      );
    }
  }
}

/** Entries of the longest row. */
export function longestRow(rowStart: Uint32Array): number {
  return rowStart.reduce((most, end, row) => Math.max(most, end - (rowStart[row - 1] ?? 0)), 0);
}

/** Entries of the longest rows, at most `count` of them, the longest first. */
export function longestRows(rowStart: Uint32Array, count: number): number[] {
  const lengths = rowStart.subarray(1).map((end, row) => end - rowStart[row]!);
  return Array.from(lengths.sort().reverse().subarray(0, count));
}
