/**
 * The largest numbers of each row of a sparse product, as a sparse matrix: lists of the most similar items or
 * users, from what they have in common, without ever holding all similarities.
 *
 * @module
 */
import type { GpuDevice } from "../../gpu/device.ts";
import { diagonal, type SparseMatrix } from "../../sparse/csr.ts";
import { listedMatrix } from "../../sparse/matrix_sums.ts";
import { recordRanker } from "./ranker.ts";
import type { SparseScores } from "./sparse_scores.ts";

/**
 * The `k` largest above 0 of each row of a square product, without its diagonal; of equal ones those of the lower
 * columns.
 *
 * @throws {GpuError} when the GPU fails, or the product exceeds what the adapter can hold.
 */
export async function largestOfRows(
  gpu: GpuDevice,
  label: string,
  product: SparseScores,
  k: number,
): Promise<SparseMatrix> {
  const { rowCount } = product.queries;
  const most = Math.max(1, Math.min(k, rowCount - 1));
  const block = { firstRow: 0, firstId: 0, count: rowCount };
  using ranker = recordRanker(
    gpu,
    label,
    { seen: diagonal(rowCount), k: most },
    () => ({ queries: block, candidates: block, products: [product] }),
  );
  const { items, scores } = await ranker.rank();
  if (gpu.dry) {
    items.forEach((_, place) => items[place] = place % most);
    scores.fill(1);
  }
  return listedMatrix(items, most, rowCount, scores);
}
