/**
 * A sparse matrix on the GPU.
 *
 * @module
 */
import { type Gpu, GpuError } from "../gpu/device.ts";
import { LOOP_ROUNDS } from "../gpu/kernel.ts";
import { createTensor, type Tensor } from "../gpu/tensor.ts";
import type { SparseMatrix } from "../sparse/csr.ts";

/** CSR of a square matrix, uploaded. */
export interface SparseTensor extends Disposable {
  readonly rowCount: number;
  /** `rowCount + 1` offsets. */
  readonly rowStart: Tensor;
  /** Column ids. */
  readonly column: Tensor;
  /** Entries. */
  readonly value: Tensor;
}

/**
 * Uploads a square sparse matrix.
 *
 * @throws {GpuError} when a row is longer than the software driver's loops, which would end early
 * without a word.
 */
export function uploadSparse(gpu: Gpu, label: string, matrix: SparseMatrix): SparseTensor {
  const { rowCount, rowStart, column, value } = matrix;
  const longest = rowStart.reduce(
    (most, end, row) => Math.max(most, end - (rowStart[row - 1] ?? 0)),
    0,
  );
  if (longest >= LOOP_ROUNDS && gpu.adapterName.includes("llvmpipe")) {
    throw new GpuError(
      `A row of "${label}" has ${longest} entries, and ${gpu.adapterName} loops ${LOOP_ROUNDS} times at most.`,
    );
  }
  const tensors = {
    rowStart: createTensor(gpu, `${label} row_start`, [rowCount + 1], rowStart),
    column: createTensor(gpu, `${label} column`, [column.length], column),
    value: createTensor(gpu, `${label} value`, [value.length], value),
  };
  return {
    rowCount,
    ...tensors,
    [Symbol.dispose]: () => Object.values(tensors).forEach((tensor) => tensor[Symbol.dispose]()),
  };
}
