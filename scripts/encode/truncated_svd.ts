/**
 * Truncated singular value decomposition of a sparse matrix, its products on the GPU.
 *
 * @module
 */
import type { GpuDevice } from "../../src/gpu/device.ts";
import { Scratch } from "../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../src/gpu/tensor.ts";
import { InputError } from "../../src/input_error.ts";
import { type PackedMatrix, uploadSparse } from "../../src/ops/graphs/packed_matrix.ts";
import { recordSparseProduct } from "../../src/ops/graphs/sparse_product.ts";
import { Tape } from "../../src/tape/tape.ts";
import { topEigenvectors } from "../../src/features/top_eigenvectors.ts";
import { type SparseMatrix, transpose } from "../../src/sparse/csr.ts";

/** Enough for features: weak directions of text are noise in any case. */
const TOLERANCE = 1e-4;

/** λ relative to the largest, below which an eigenvalue of X Xᵀ is rounding error of f32 products. */
const NEGLIGIBLE = 1e-6;

/**
 * The rows of X ≈ U Σ Vᵀ in the `dims` strongest directions: U Σ, rows × dims, row-major. The largest
 * entry of each column is positive; columns beyond the rank of X are zero.
 *
 * The columns of U are the eigenvectors of X Xᵀ, which is never formed: each round of the iteration
 * takes two sparse products.
 *
 * @throws {InputError} when `dims` exceeds the number of rows or columns.
 */
export async function truncatedSvd(
  gpu: GpuDevice,
  matrix: SparseMatrix,
  dims: number,
): Promise<Float32Array<ArrayBuffer>> {
  const { rowCount, columnCount } = matrix;
  if (dims > Math.min(rowCount, columnCount)) {
    throw new InputError(
      `${dims} dimensions are asked of a matrix of ${rowCount} rows and ${columnCount} columns.`,
    );
  }
  using x = uploadSparse(gpu, "sparse matrix", matrix);
  using transposed = uploadSparse(gpu, "its transpose", transpose(matrix));
  const { vectors, values } = await topEigenvectors(
    {
      size: rowCount,
      multiply: (block) => multiply(gpu, x, transposed, block),
    },
    dims,
    TOLERANCE,
  );
  const result = new Float32Array(rowCount * dims);
  vectors.forEach((vector, dim) => {
    if (values[dim]! <= NEGLIGIBLE * values[0]!) return;
    const peak = vector.reduce((most, entry) => Math.abs(entry) > Math.abs(most) ? entry : most, 0);
    const scale = Math.sign(peak) * Math.sqrt(values[dim]!);
    vector.forEach((entry, row) => result[row * dims + dim] = scale * entry);
  });
  return result;
}

/** X Xᵀ times a block of vectors. */
async function multiply(
  gpu: GpuDevice,
  x: PackedMatrix,
  transposed: PackedMatrix,
  block: readonly Float64Array[],
): Promise<Float64Array[]> {
  const rows = x.rowCount, columns = transposed.rowCount;
  const dim = Math.ceil(block.length / 4) * 4;
  const data = new Float32Array(rows * dim);
  block.forEach((vector, v) => vector.forEach((entry, row) => data[row * dim + v] = entry));
  using left = createTensor(gpu, "vectors", [rows, dim], data);
  using right = createTensor(gpu, "projected vectors", [columns, dim]);
  using image = createTensor(gpu, "images", [rows, dim]);
  using scratch = new Scratch(gpu);
  const tape = new Tape(gpu, "truncated SVD", scratch);
  using program = tape.program;
  recordSparseProduct(tape, transposed, left, right);
  recordSparseProduct(tape, x, right, image);
  program.run();
  const [images] = await readFloats(gpu, image);
  return block.map((_, v) =>
    Float64Array.from({ length: rows }, (_, row) => images![row * dim + v]!)
  );
}
