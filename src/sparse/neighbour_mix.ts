/**
 * The item graph of FREEDOM: the nearest of each item in every modality, itself among them, mixed.
 *
 * @module
 */
import type { SparseMatrix } from "./csr.ts";
import type { Neighbours } from "./graphs.ts";

/** Added to every row sum in FREEDOM's code. */
const ROW_SUM_EPSILON = 1e-7;

/**
 * S = Σ_m weight_m S_m, where row i of S_m has 1 / (k + 1e-7) at i itself and at its k − 1 nearest others.
 * It need not be symmetric.
 *
 * @param lists Nearest others, by modality.
 */
export function neighbourMix(
  lists: readonly Neighbours[],
  weights: readonly number[],
  itemCount: number,
): SparseMatrix {
  const rowStart = new Uint32Array(itemCount + 1);
  const column: number[] = [], value: number[] = [];
  for (let item = 0; item < itemCount; item++) {
    const row = new Map<number, number>();
    lists.forEach(({ ids, k }, m) => {
      const entry = weights[m]! / (k + 1 + ROW_SUM_EPSILON);
      for (const id of [item, ...ids.subarray(item * k, (item + 1) * k)]) {
        row.set(id, (row.get(id) ?? 0) + entry);
      }
    });
    for (const [id, entry] of [...row].sort(([a], [b]) => a - b)) {
      column.push(id);
      value.push(entry);
    }
    rowStart[item + 1] = column.length;
  }
  return {
    rowCount: itemCount,
    columnCount: itemCount,
    rowStart,
    column: Uint32Array.from(column),
    value: Float32Array.from(value),
  };
}
