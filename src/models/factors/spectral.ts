/**
 * What PureSVD and GF-CF share: an ideal low-pass filter of the normalised interactions.
 *
 * With X the train interactions, D_u and D_i the numbers of users' and items' interactions, and V the strongest right
 * singular vectors of X̂ = D_u^−b X D_i^−a, scores are X D_i^−a V Vᵀ D_i^a: what a user has is projected on the
 * directions in which most is bought together. As inner products, h_u = Σ_i x_ui d_i^−a v_i and h_i = d_i^a v_i.
 *
 * @module
 */
import type { Dataset } from "../../data/dataset.ts";
import { rightSingularVectors } from "../../features/sparse_singular_vectors.ts";
import type { GpuDevice } from "../../gpu/device.ts";
import { runOnce } from "../../gpu/paced_queue.ts";
import { Scratch } from "../../gpu/scratch.ts";
import { createTensor, readFloats, type Tensor } from "../../gpu/tensor.ts";
import { uploadSparse } from "../../ops/graphs/packed_matrix.ts";
import { recordSparseProduct } from "../../ops/graphs/sparse_product.ts";
import { columnCounts, rowLengths } from "../../sparse/csr.ts";
import { valued } from "../../sparse/matrix_sums.ts";
import { Tape } from "../../tape/tape.ts";
import { powers } from "../neighbours/similar_lists.ts";

/** How interactions are normalised, and how many directions are kept. */
export interface SpectralSettings {
  /** Directions. */
  readonly dim: number;
  /** b. */
  readonly userPower: number;
  /** a. */
  readonly itemPower: number;
}

/** Room for h, (users + items) × dim. */
export function createSpectralTable(
  gpu: GpuDevice,
  { userCount, itemCount }: Dataset,
  dim: number,
  data?: Float32Array<ArrayBuffer>,
): Tensor {
  return createTensor(gpu, "embeddings", [userCount + itemCount, dim], data);
}

/**
 * Computes h.
 *
 * @param scale What scores are multiplied with.
 * @throws {GpuError} when it exceeds what the adapter can hold, or does not converge.
 */
export async function spectralTable(
  gpu: GpuDevice,
  data: Dataset,
  { dim, userPower, itemPower }: SpectralSettings,
  scale = 1,
): Promise<Tensor> {
  const { train, userCount } = data;
  const users = powers(rowLengths(train), -userPower), items = columnCounts(train);
  const down = powers(items, -itemPower), up = powers(items, itemPower);
  const normalised = valued(train, (user, item) => users[user]! * down[item]!);
  const { vectors } = await rightSingularVectors(gpu, "interactions", normalised, dim);
  using scratch = new Scratch(gpu);
  using matrix = uploadSparse(gpu, "interactions", valued(train, (_, item) => down[item]!));
  using directions = createTensor(gpu, "directions", [data.itemCount, dim], vectors);
  const tape = new Tape(gpu, "users' directions", scratch);
  using program = tape.program;
  const projected = tape.take("users' directions", [userCount, dim]);
  recordSparseProduct(tape, matrix, directions, projected);
  await runOnce(program);
  const [ofUsers] = await readFloats(gpu, projected);
  const table = new Float32Array((userCount + data.itemCount) * dim);
  table.set(ofUsers!);
  const ofItems = table.subarray(userCount * dim);
  vectors.forEach((value, at) => ofItems[at] = scale * up[Math.floor(at / dim)]! * value);
  return createSpectralTable(gpu, data, dim, table);
}
