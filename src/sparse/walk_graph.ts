/**
 * The graph of a walk that may stay where it is.
 *
 * @module
 */
import { rowOf, type SparseMatrix, type SparsePattern } from "./csr.ts";
import { interactionGraph } from "./graphs.ts";

/**
 * D^−1 (A + I) of the train interactions: (users + items)², users first; every row sums to 1, so that it
 * is not symmetric. Columns ascend.
 */
export function walkGraph(train: SparsePattern): SparseMatrix {
  const graph = interactionGraph(train);
  const { rowCount: nodes } = graph;
  const rowStart = graph.rowStart.map((start, row) => start + row);
  const column = new Uint32Array(rowStart[nodes]!);
  const value = new Float32Array(column.length);
  for (let node = 0; node < nodes; node++) {
    const neighbours = rowOf(graph, node);
    const row = column.subarray(rowStart[node], rowStart[node + 1]);
    row.set(neighbours);
    row[neighbours.length] = node;
    row.sort();
    value.fill(1 / row.length, rowStart[node], rowStart[node + 1]);
  }
  return { ...graph, rowStart, column, value };
}
