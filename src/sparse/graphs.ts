/**
 * Graphs of users and items: who interacted with what; and of items: which look alike.
 *
 * @module
 */
import { indicesBelow, sortByKey } from "./counting_sort.ts";
import type { SparseMatrix, SparsePattern } from "./csr.ts";

/** The `k` nearest of each row, row-major, best first. */
export interface Neighbours {
  /** Ids, rows × k. */
  readonly ids: Uint32Array<ArrayBuffer>;
  /** Neighbours per row. */
  readonly k: number;
}

/**
 * Ã = D^−½ A D^−½ of the train interactions: (users + items)², users first, no self-loops. Rows of
 * nodes without interactions are empty (paper, "Modality Erasure and Graph Convolution").
 */
export function interactionGraph(train: SparsePattern): SparseMatrix {
  return normaliseSymmetric(adjacency(train));
}

/** The symmetric adjacency A of users and items: 1 for every train interaction, in both directions. */
export function adjacency(train: SparsePattern): SparseMatrix {
  const { rowCount: users, columnCount: items, rowStart, column } = train;
  const nodes = users + items;
  // rowStart[n + 1] first holds the degree of node n; the running sum turns degrees into offsets.
  const start = new Uint32Array(nodes + 1);
  for (let user = 0; user < users; user++) start[user + 1] = rowStart[user + 1]! - rowStart[user]!;
  for (const item of column) start[users + item + 1]!++;
  for (let node = 0; node < nodes; node++) start[node + 1]! += start[node]!;
  const neighbour = new Uint32Array(start[nodes]!);
  const filled = start.slice(0, nodes);
  for (let user = 0; user < users; user++) {
    for (let entry = rowStart[user]!; entry < rowStart[user + 1]!; entry++) {
      const item = users + column[entry]!;
      neighbour[filled[user]!++] = item;
      neighbour[filled[item]!++] = user;
    }
  }
  const value = new Float32Array(neighbour.length).fill(1);
  return { rowCount: nodes, columnCount: nodes, rowStart: start, column: neighbour, value };
}

/**
 * S̃: Ŝ_ij counts the modalities that list j among i's neighbours, S = max(Ŝ, Ŝᵀ), symmetrically
 * normalised (paper, Eq. 3 and after).
 */
export function similarityGraph(lists: readonly Neighbours[], itemCount: number): SparseMatrix {
  const listed = lists.reduce((sum, { ids }) => sum + ids.length, 0);
  // Each pair as it is listed, and after all of those each turned round.
  const rows = new Uint32Array(2 * listed), columns = new Uint32Array(2 * listed);
  let pair = 0;
  for (const { ids, k } of lists) {
    for (let place = 0; place < ids.length; place++, pair++) {
      rows[pair] = columns[listed + pair] = Math.floor(place / k);
      columns[pair] = rows[listed + pair] = ids[place]!;
    }
  }
  const byColumn = sortByKey(indicesBelow(2 * listed), columns, itemCount);
  const order = sortByKey(byColumn, rows, itemCount);
  const rowStart = new Uint32Array(itemCount + 1);
  const column = new Uint32Array(2 * listed), value = new Float32Array(2 * listed);
  let entry = 0;
  for (let at = 0; at < order.length; entry++) {
    const i = rows[order[at]!]!, j = columns[order[at]!]!;
    let there = 0, back = 0;
    for (; rows[order[at]!] === i && columns[order[at]!] === j; at++) {
      if (order[at]! < listed) there++;
      else back++;
    }
    column[entry] = j;
    value[entry] = Math.max(there, back);
    rowStart[i + 1]!++;
  }
  for (let i = 0; i < itemCount; i++) rowStart[i + 1]! += rowStart[i]!;
  return normaliseSymmetric({
    rowCount: itemCount,
    columnCount: itemCount,
    rowStart,
    column: column.slice(0, entry),
    value: value.slice(0, entry),
  });
}

/** D^−½ A D^−½ with D the row sums; computed in f64 and rounded once. */
export function normaliseSymmetric(matrix: SparseMatrix): SparseMatrix {
  const { rowCount, rowStart, column, value } = matrix;
  const degree = new Float64Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    for (let entry = rowStart[row]!; entry < rowStart[row + 1]!; entry++) {
      degree[row]! += value[entry]!;
    }
  }
  const scaled = new Float32Array(value.length);
  for (let row = 0; row < rowCount; row++) {
    for (let entry = rowStart[row]!; entry < rowStart[row + 1]!; entry++) {
      scaled[entry] = value[entry]! / Math.sqrt(degree[row]! * degree[column[entry]!]!);
    }
  }
  return { ...matrix, value: scaled };
}

/** D^−1 A: each row divided by its sum, so that a product takes means; rows of zeros stay. */
export function rowNormalised(matrix: SparseMatrix): SparseMatrix {
  const { rowCount, rowStart, value } = matrix;
  const scaled = value.slice();
  for (let row = 0; row < rowCount; row++) {
    const [from, to] = [rowStart[row]!, rowStart[row + 1]!];
    let sum = 0;
    for (let entry = from; entry < to; entry++) sum += value[entry]!;
    if (sum === 0) continue;
    for (let entry = from; entry < to; entry++) scaled[entry]! /= sum;
  }
  return { ...matrix, value: scaled };
}

/** Expands a sparse matrix to a dense row-major one, for tests and small examples. */
export function toDense(matrix: SparseMatrix): Float32Array<ArrayBuffer> {
  const { rowCount, columnCount, rowStart, column, value } = matrix;
  const dense = new Float32Array(rowCount * columnCount);
  for (let row = 0; row < rowCount; row++) {
    for (let entry = rowStart[row]!; entry < rowStart[row + 1]!; entry++) {
      dense[row * columnCount + column[entry]!] = value[entry]!;
    }
  }
  return dense;
}
