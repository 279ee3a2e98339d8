/**
 * A sparse matrix on the GPU.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
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

/** Uploads a square sparse matrix. */
export function uploadSparse(gpu: Gpu, label: string, matrix: SparseMatrix): SparseTensor {
  const { rowCount, rowStart, column, value } = matrix;
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
