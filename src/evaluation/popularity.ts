/**
 * The popularity baseline: everyone is shown what most users interacted with.
 *
 * @module
 */
import { NO_CANDIDATE } from "../ops/ranking/top_k.ts";
import { rowOf, type SparsePattern } from "../sparse/csr.ts";

/**
 * Ranks items by their number of train interactions, ties by id, without what each user has seen.
 *
 * @returns Item ids, users × k, filled up with {@linkcode NO_CANDIDATE}.
 */
export function rankByPopularity(
  train: SparsePattern,
  seen: SparsePattern,
  k: number,
): Uint32Array<ArrayBuffer> {
  const counts = new Uint32Array(train.columnCount);
  for (const item of train.column) counts[item]!++;
  const order = Uint32Array.from(counts, (_, item) => item)
    .sort((a, b) => counts[b]! - counts[a]! || a - b);
  const ranked = new Uint32Array(train.rowCount * k).fill(NO_CANDIDATE);
  for (let user = 0; user < train.rowCount; user++) {
    const hidden = new Set(rowOf(seen, user));
    let place = 0;
    for (const item of order) {
      if (place === k) break;
      if (!hidden.has(item)) ranked[user * k + place++] = item;
    }
  }
  return ranked;
}
