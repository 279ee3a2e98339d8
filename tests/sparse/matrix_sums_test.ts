import { assertEquals } from "@std/assert";
import { columnCounts, patternOf } from "../../src/sparse/csr.ts";
import { toDense } from "../../src/sparse/graphs.ts";
import { addMatrices, sumOfEntries, valued } from "../../src/sparse/matrix_sums.ts";

const a = valued(patternOf(3, 4, [[0, 0], [0, 2], [2, 3]]), (row, column) => 10 * row + column + 1);
const b = valued(patternOf(3, 4, [[0, 1], [0, 2], [1, 0]]));

Deno.test("a pattern gets values by row and column, or ones", () => {
  assertEquals([...toDense(a)], [1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 24]);
  assertEquals([...b.value], [1, 1, 1]);
});

Deno.test("matrices are added entry by entry, columns ascending", () => {
  const both = addMatrices(a, b, 0.5);
  assertEquals([...toDense(both)], [1, 0.5, 3.5, 0, 0.5, 0, 0, 0, 0, 0, 0, 24]);
  assertEquals([...both.column], [0, 1, 2, 0, 3]);
  assertEquals([...both.rowStart], [0, 3, 4, 5]);
  const none = valued(patternOf(3, 4, []));
  assertEquals(addMatrices(none, a, 1), a);
  assertEquals(addMatrices(a, none, 1), a);
});

Deno.test("entries are summed up and counted by column", () => {
  assertEquals(sumOfEntries(a), 28);
  assertEquals([...columnCounts(a)], [1, 0, 1, 1]);
});
