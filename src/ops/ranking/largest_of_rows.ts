/**
 * The largest numbers of each row of a sparse product, as a sparse matrix: lists of the most similar items or
 * users, from what they have in common, without ever holding all similarities.
 *
 * @module
 */
import type { GpuDevice } from "../../gpu/device.ts";
import { diagonal, type SparseMatrix } from "../../sparse/csr.ts";
import { recordRanker } from "./ranker.ts";
import type { SparseScores } from "./sparse_scores.ts";
import { NO_CANDIDATE } from "./top_k.ts";

/**
 * The `k` largest of each row of a square product, without its diagonal; of equal ones those of the lower
 * columns. Fewer where fewer pairs have something in common, if the product becomes a similarity.
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
  if (gpu.dry) items.forEach((_, place) => items[place] = place % most);
  const rowStart = new Uint32Array(rowCount + 1);
  const column = new Uint32Array(items.length), value = new Float32Array(items.length);
  let entries = 0;
  for (let row = 0; row < rowCount; row++) {
    const places = placesOf(items, row, most);
    for (const place of places) {
      column[entries] = items[place]!;
      value[entries++] = scores[place]!;
    }
    rowStart[row + 1] = entries;
  }
  return {
    rowCount,
    columnCount: rowCount,
    rowStart,
    column: column.slice(0, entries),
    value: value.slice(0, entries),
  };
}

/** Where a row's list has items, those of lower ids first. */
function placesOf(items: Uint32Array, row: number, k: number): number[] {
  const places: number[] = [];
  for (let place = row * k; place < (row + 1) * k && items[place] !== NO_CANDIDATE; place++) {
    places.push(place);
  }
  return places.sort((a, b) => items[a]! - items[b]!);
}
