/**
 * All eigenvectors of a small symmetric matrix, in f64 on the CPU.
 *
 * @module
 */
import { EigenvalueDecomposition, Matrix } from "ml-matrix";

/** Eigenvectors and their eigenvalues, in the same order. */
export interface SymmetricEigenvectors {
  /** size × size, row-major: one unit vector per column. */
  readonly vectors: Float32Array<ArrayBuffer>;
  /** Eigenvalues, those below 0 by rounding as 0. */
  readonly values: Float32Array<ArrayBuffer>;
}

/**
 * Decomposes a positive semi-definite matrix.
 *
 * @param matrix size × size, row-major.
 */
export function symmetricEigenvectors(
  matrix: Float32Array<ArrayBuffer>,
  size: number,
): SymmetricEigenvectors {
  const rows = Array.from(
    { length: size },
    (_, row) => Array.from(matrix.subarray(row * size, (row + 1) * size)),
  );
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(new Matrix(rows), {
    assumeSymmetric: true,
  });
  return {
    vectors: Float32Array.from(eigenvectorMatrix.to1DArray()),
    values: Float32Array.from(realEigenvalues, (value) => Math.max(0, value)),
  };
}
