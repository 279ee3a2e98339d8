/** Graphs normalised by their rows alone. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { SparseMatrix } from "../../src/sparse/csr.ts";
import { toDense } from "../../src/sparse/graphs.ts";
import { oneSidedGraph, stackedOneSidedGraph } from "../../src/sparse/one_sided_graph.ts";

/** Two users, the second without items, and three items, the last without users. */
const counts: SparseMatrix = {
  rowCount: 2,
  columnCount: 3,
  rowStart: Uint32Array.of(0, 2, 2),
  column: Uint32Array.of(0, 1),
  value: Float32Array.of(1, 3),
};

Deno.test("every row is divided by the root of its sum", () => {
  assertEquals(toDense(oneSidedGraph(counts)), Float32Array.of(0.5, 1.5, 0, 0, 0, 0));
});

Deno.test("users' rows stand above items' rows, each normalised for itself", () => {
  const { matrix, transposed } = stackedOneSidedGraph(counts);
  const dense = toDense(matrix);
  const expected = new Map([[0 * 5 + 2, 0.5], [0 * 5 + 3, 1.5], [2 * 5, 1], [3 * 5, Math.sqrt(3)]]);
  dense.forEach((value, at) => assertAlmostEquals(value, expected.get(at) ?? 0, 1e-7));
  const flipped = toDense(transposed);
  dense.forEach((value, at) => assertEquals(flipped[at % 5 * 5 + Math.floor(at / 5)], value));
  assertEquals(transposed.column, matrix.column);
  assertEquals(transposed.rowStart, matrix.rowStart);
});
