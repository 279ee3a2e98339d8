import { assertEquals } from "@std/assert";
import { createRandom, uniformBelow } from "../../src/random.ts";
import {
  highestFirst,
  indicesBelow,
  runStarts,
  sortByKey,
} from "../../src/sparse/counting_sort.ts";

Deno.test("indices are sorted by their keys, equals as they were", () => {
  const key = [2, 0, 2, 0, 4];
  const order = Uint32Array.of(4, 3, 2, 1, 0);
  assertEquals(sortByKey(order, key, 5), Uint32Array.of(3, 1, 2, 0, 4));
  assertEquals(runStarts(order, key, 5), Uint32Array.of(0, 2, 2, 4, 4, 5));
});

Deno.test("some indices are sorted without the others", () => {
  assertEquals(sortByKey(Uint32Array.of(2, 0), [1, 0, 0], 2), Uint32Array.of(2, 0));
});

const counted: [string, Uint32Array, Uint32Array][] = [
  ["none", new Uint32Array(), new Uint32Array()],
  ["equal ones", Uint32Array.of(3, 3, 3), Uint32Array.of(0, 1, 2)],
  ["zeros among them", Uint32Array.of(0, 7, 0, 9, 7), Uint32Array.of(3, 1, 4, 0, 2)],
];

for (const [name, counts, order] of counted) {
  Deno.test(`the highest count comes first, of equals the lower index: ${name}`, () => {
    assertEquals(highestFirst(counts), order);
  });
}

Deno.test("the order is that of a sort by comparing", () => {
  const random = createRandom(4);
  const counts = new Uint32Array(5000).map(() => uniformBelow(random, 300));
  const compared = indicesBelow(5000).sort((a, b) => counts[b]! - counts[a]! || a - b);
  assertEquals(highestFirst(counts), compared);
});
