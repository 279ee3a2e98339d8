/** S̃ from lists of neighbours. */
import { assertEquals } from "@std/assert";
import { similarityGraph } from "../../src/sparse/graphs.ts";

Deno.test("a pair counts as often as it is listed, from the side that lists it more often", () => {
  const text = { ids: Uint32Array.of(2, 1, /**/ 2, 0, /**/ 1, 0, /**/ 0, 2), k: 2 };
  const image = { ids: Uint32Array.of(2, 2, 1, 2), k: 1 };
  // Item 3 is listed by none, but lists 0 once and 2 twice.
  // S = [[0, 1, 2, 1], [1, 0, 2, 0], [2, 2, 0, 2], [1, 0, 2, 0]], whose rows sum to 4, 3, 6 and 3.
  const expected = [
    [0, 1 / Math.sqrt(12), 2 / Math.sqrt(24), 1 / Math.sqrt(12)],
    [1 / Math.sqrt(12), 0, 2 / Math.sqrt(18), 0],
    [2 / Math.sqrt(24), 2 / Math.sqrt(18), 0, 2 / Math.sqrt(18)],
    [1 / Math.sqrt(12), 0, 2 / Math.sqrt(18), 0],
  ];
  assertEquals(similarityGraph([text, image], 4), {
    rowCount: 4,
    columnCount: 4,
    rowStart: Uint32Array.of(0, 3, 5, 8, 10),
    column: Uint32Array.of(1, 2, 3, 0, 2, 0, 1, 3, 0, 2),
    value: Float32Array.from(expected.flat().filter((entry) => entry > 0)),
  });
});

Deno.test("items without neighbours have empty rows", () => {
  const { rowStart, column, value } = similarityGraph([{ ids: new Uint32Array(), k: 0 }], 3);
  assertEquals([rowStart, column.length, value.length], [new Uint32Array(4), 0, 0]);
});
