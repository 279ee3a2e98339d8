/** Means over neighbours. */
import { assertEquals } from "@std/assert";
import { patternOf } from "../../src/sparse/csr.ts";
import { adjacency, rowNormalised, toDense } from "../../src/sparse/graphs.ts";

Deno.test("each node takes the mean of its neighbours, and one without any takes nothing", () => {
  // User 0 with items 0 and 1, user 1 with item 1; item 2 with nobody.
  const graph = adjacency(patternOf(2, 3, [[0, 0], [0, 1], [1, 1]]));
  assertEquals(
    Array.from(toDense(rowNormalised(graph))),
    [
      [0, 0, 0.5, 0.5, 0],
      [0, 0, 0, 1, 0],
      [1, 0, 0, 0, 0],
      [0.5, 0.5, 0, 0, 0],
      [0, 0, 0, 0, 0],
    ].flat(),
  );
  assertEquals(Array.from(graph.value), Array(6).fill(1));
});
