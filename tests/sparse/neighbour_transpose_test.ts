/** The transpose of lists of neighbours. */
import { assertEquals } from "@std/assert";
import { transposeNeighbours } from "../../src/sparse/neighbour_transpose.ts";

Deno.test("every entry is found at its neighbour, in the order of the lists", () => {
  const lists = Uint32Array.of(0, 2, /**/ 1, 2, /**/ 2, 2);
  assertEquals(transposeNeighbours(lists, 3), {
    rowStart: Uint32Array.of(0, 1, 2, 6),
    column: Uint32Array.of(0, 1, 0, 1, 2, 2),
    entry: Uint32Array.of(0, 2, 1, 3, 4, 5),
  });
});
