/**
 * A sparse matrix on the GPU whose entries may change there, and how long rows may be.
 *
 * @module
 */
import { type GpuDevice, GpuError } from "../../gpu/device.ts";
import { LOOP_ROUNDS } from "../../gpu/kernel.ts";
import type { Tensor } from "../../gpu/tensor.ts";

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

/** Entries of the longest row. */
export function longestRow(rowStart: Uint32Array): number {
  return rowStart.reduce((most, end, row) => Math.max(most, end - (rowStart[row - 1] ?? 0)), 0);
}

/** Entries of the longest rows, at most `count` of them, the longest first. */
export function longestRows(rowStart: Uint32Array, count: number): number[] {
  const lengths = rowStart.subarray(1).map((end, row) => end - rowStart[row]!);
  return Array.from(lengths.sort().reverse().subarray(0, count));
}
