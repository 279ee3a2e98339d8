/**
 * What neighbourhood models share: lists of similar items or users, made of what they have in common.
 *
 * With X the train interactions, users × items, each of these models is a matrix of the one form
 *
 *     W_ij = (Σ_u a_u x_ui b_u x_uj / (r_i c_j + h)) ^ s      without its diagonal, the k largest of each row
 *
 * and a user's scores are the rows of W for what the user has, added up: X W. Nothing is trained.
 *
 * @module
 */
import type { GpuDevice } from "../../gpu/device.ts";
import { createTensor } from "../../gpu/tensor.ts";
import { largestOfRows } from "../../ops/ranking/largest_of_rows.ts";
import { uploadCandidateRows } from "../../ops/ranking/sparse_scores.ts";
import type { SparseMatrix } from "../../sparse/csr.ts";

/** A matrix W: of items by the users they share or, of the transposed interactions, of users by items. */
export interface SimilarityForm {
  /** Xᵀ with a_u, rows being what W relates. */
  readonly left: SparseMatrix;
  /** X with b_u. */
  readonly right: SparseMatrix;
  /** r, per row of W. */
  readonly rowScale: ArrayLike<number>;
  /** c, per column of W. */
  readonly columnScale: ArrayLike<number>;
  /** h. */
  readonly shrinkage?: number;
  /** s. */
  readonly power?: number;
}

/**
 * Computes W on the GPU.
 *
 * @param k The length of its lists at most.
 * @throws {GpuError} when it exceeds what the adapter can hold.
 */
export async function similarLists(
  gpu: GpuDevice,
  label: string,
  { left, right, rowScale, columnScale, shrinkage = 0, power = 1 }: SimilarityForm,
  k: number,
): Promise<SparseMatrix> {
  using resources = new DisposableStack();
  const scale = (name: string, values: ArrayLike<number>) =>
    resources.use(createTensor(gpu, name, [values.length], Float32Array.from(values)));
  const similarity = {
    queryScale: scale("scale of rows", rowScale),
    candidateScale: scale("scale of columns", columnScale),
    shrinkage,
    power,
  };
  const rows = resources.use(uploadCandidateRows(gpu, `${label} interactions`, right));
  return await largestOfRows(gpu, label, { queries: left, rows, similarity }, k);
}

/** The norms of a matrix's rows. */
export function rowNorms({ rowCount, rowStart, value }: SparseMatrix): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: rowCount }, (_, row) => {
    let sum = 0;
    for (let e = rowStart[row]!; e < rowStart[row + 1]!; e++) sum += value[e]! ** 2;
    return Math.sqrt(sum);
  });
}

/** Each count to the power of `exponent`; 1 where there is none, since nothing is scaled by it. */
export function powers(counts: ArrayLike<number>, exponent: number): Float64Array<ArrayBuffer> {
  return Float64Array.from(counts, (count) => count === 0 ? 1 : count ** exponent);
}
