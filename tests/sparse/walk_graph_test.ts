/** The walk graph, and the transpose of lists. */
import { assertEquals } from "@std/assert";
import { patternOf } from "../../src/sparse/csr.ts";
import { toDense } from "../../src/sparse/graphs.ts";
import { walkGraph } from "../../src/sparse/walk_graph.ts";

Deno.test("a walk stays or goes to a neighbour with equal chances", () => {
  // User 0 with items 0 and 1, user 1 with item 1; item 2 with nobody.
  const graph = walkGraph(patternOf(2, 3, [[0, 0], [0, 1], [1, 1]]));
  const third = Math.fround(1 / 3);
  assertEquals(
    Array.from(toDense(graph)),
    [
      [third, 0, third, third, 0],
      [0, 0.5, 0, 0.5, 0],
      [0.5, 0, 0.5, 0, 0],
      [third, third, 0, third, 0],
      [0, 0, 0, 0, 1],
    ].flat(),
  );
  for (let row = 0; row < 5; row++) {
    const columns = Array.from(graph.column.subarray(graph.rowStart[row], graph.rowStart[row + 1]));
    assertEquals(columns, columns.toSorted((a, b) => a - b));
  }
});
