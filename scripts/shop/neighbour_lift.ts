/**
 * Whether items that resemble each other are bought by the same people.
 *
 * @module
 */

import type { SparseMatrix } from "../../src/sparse/csr.ts";

/** How much likelier neighbours share a user than any two items do. */
export interface NeighbourLift {
  /** Share of (item, neighbour) pairs with at least one user in common. */
  readonly neighbours: number;
  /** Share of all pairs of items with at least one user in common. */
  readonly randomPairs: number;
  /** The first share divided by the second. */
  readonly lift: number;
}

/** The items with which each item shares at least one user, itself included. */
export function sharedUsers(
  baskets: Iterable<readonly number[]>,
  itemCount: number,
): Set<number>[] {
  const together = Array.from({ length: itemCount }, () => new Set<number>());
  for (const basket of baskets) {
    for (const item of basket) {
      for (const other of basket) together[item]!.add(other);
    }
  }
  return together;
}

/**
 * The lift of cosine neighbours over all pairs, both counted in full.
 *
 * @param neighbours For each item its nearest others.
 * @param together The result of {@linkcode sharedUsers}.
 */
export function neighbourLift(
  neighbours: readonly (readonly number[])[],
  together: readonly ReadonlySet<number>[],
): NeighbourLift {
  let pairs = 0;
  let hits = 0;
  neighbours.forEach((others, item) => {
    pairs += others.length;
    hits += others.filter((other) => together[item]!.has(other)).length;
  });
  let sharing = 0;
  together.forEach((others, item) => {
    sharing += others.size - Number(others.has(item));
  });
  const itemCount = together.length;
  const randomPairs = sharing / (itemCount * (itemCount - 1));
  return { neighbours: hits / pairs, randomPairs, lift: hits / pairs / randomPairs };
}

/**
 * Each row's `k` nearest other rows by inner product, best first, ties by index; fewer where fewer
 * have a positive one. For rows of length 1 it is the cosine.
 */
export function sparseNeighbours(matrix: SparseMatrix, k: number): number[][] {
  const { rowCount, rowStart, column, value } = matrix;
  const byColumn = Array.from({ length: matrix.columnCount }, (): [number, number][] => []);
  for (let row = 0; row < rowCount; row++) {
    for (let entry = rowStart[row]!; entry < rowStart[row + 1]!; entry++) {
      byColumn[column[entry]!]!.push([row, value[entry]!]);
    }
  }
  return Array.from({ length: rowCount }, (_, row) => {
    const similarity = new Float64Array(rowCount);
    for (let entry = rowStart[row]!; entry < rowStart[row + 1]!; entry++) {
      for (const [other, weight] of byColumn[column[entry]!]!) {
        similarity[other]! += value[entry]! * weight;
      }
    }
    similarity[row] = 0;
    return strongest(similarity, k);
  });
}

function strongest(similarity: Float64Array, k: number): number[] {
  const best: number[] = [];
  similarity.forEach((score, row) => {
    if (score <= 0 || best.length === k && score <= similarity[best[k - 1]!]!) return;
    const place = best.findIndex((other) => similarity[other]! < score);
    best.splice(place < 0 ? best.length : place, 0, row);
    best.length = Math.min(best.length, k);
  });
  return best;
}
