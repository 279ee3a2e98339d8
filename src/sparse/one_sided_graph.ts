/**
 * Graphs normalised by their rows alone, as MMSSL has them.
 *
 * @module
 */
import { type SparseMatrix, transpose } from "./csr.ts";

/** D^−½ A with D the row sums; rows without entries stay empty. Computed in f64 and rounded once. */
export function oneSidedGraph(matrix: SparseMatrix): SparseMatrix {
  const { rowCount, rowStart, value } = matrix;
  const scaled = new Float32Array(value.length);
  for (let row = 0; row < rowCount; row++) {
    const from = rowStart[row]!, to = rowStart[row + 1]!;
    const sum = value.subarray(from, to).reduce((total, entry) => total + entry, 0);
    for (let entry = from; entry < to; entry++) scaled[entry] = value[entry]! / Math.sqrt(sum);
  }
  return { ...matrix, value: scaled };
}

/** A square matrix whose transpose has the same pattern. */
export interface BothWays {
  /** The matrix. */
  readonly matrix: SparseMatrix;
  /** Its transpose, with the same rows and columns. */
  readonly transposed: SparseMatrix;
}

/**
 * The graph of users and items, (users + items)², users first. Users' rows are those of D^−½ A, A being
 * users × items and D its row sums; items' rows are the same for Aᵀ.
 */
export function stackedOneSidedGraph(counts: SparseMatrix): BothWays {
  const { rowCount: users, columnCount: items } = counts;
  const nodes = users + items;
  const byUser = oneSidedGraph(counts), byItem = oneSidedGraph(transpose(counts));
  const stack = (top: SparseMatrix, bottom: SparseMatrix): SparseMatrix => {
    const entries = top.column.length;
    const value = new Float32Array(2 * entries);
    value.set(top.value);
    value.set(bottom.value, entries);
    const column = new Uint32Array(2 * entries);
    column.set(top.column.map((item) => users + item));
    column.set(bottom.column, entries);
    const rowStart = new Uint32Array(nodes + 1);
    rowStart.set(top.rowStart);
    rowStart.set(bottom.rowStart.map((start) => entries + start), users);
    return { rowCount: nodes, columnCount: nodes, rowStart, column, value };
  };
  return {
    matrix: stack(byUser, byItem),
    transposed: stack(transpose(byItem), transpose(byUser)),
  };
}
