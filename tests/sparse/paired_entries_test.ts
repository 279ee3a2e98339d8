/** Entries two by two: none lost, none but weightless ones added. */
import { assertEquals } from "@std/assert";
import { mostPairs, pairEntries } from "../../src/sparse/paired_entries.ts";

/** A weight as a pair holds it. */
const bits = (weight: number): number => new Uint32Array(Float32Array.of(weight).buffer)[0]!;

Deno.test("rows of an odd number are filled up with their last column and no weight", () => {
  const matrix = {
    rowCount: 4,
    columnCount: 9,
    rowStart: Uint32Array.of(0, 1, 1, 4, 6),
    column: Uint32Array.of(7, 0, 2, 8, 3, 4),
    value: Float32Array.of(0.5, 1, -2, 3, 0.25, 6),
  };
  assertEquals(pairEntries(matrix), {
    pairStart: Uint32Array.of(0, 1, 1, 3, 4),
    // deno-fmt-ignore
    entries: Uint32Array.of(
      7, bits(0.5), 7, 0,
      0, bits(1), 2, bits(-2),
      8, bits(3), 8, 0,
      3, bits(0.25), 4, bits(6),
    ),
  });
});

Deno.test("a matrix without entries has no pairs", () => {
  const nothing = { column: new Uint32Array(), value: new Float32Array() };
  const matrix = { rowCount: 2, columnCount: 2, rowStart: new Uint32Array(3), ...nothing };
  assertEquals(pairEntries(matrix), { pairStart: new Uint32Array(3), entries: new Uint32Array() });
});

Deno.test("entries make up the most pairs where most rows are odd", () => {
  assertEquals(mostPairs(3, 0), 0);
  assertEquals(mostPairs(3, 2), 2); // 1 + 1 + 0
  assertEquals(mostPairs(3, 4), 3); // 1 + 3 + 0, or 1 + 1 + 2
  assertEquals(mostPairs(3, 7), 5); // 1 + 1 + 5
  assertEquals(mostPairs(1, 7), 4);
});
