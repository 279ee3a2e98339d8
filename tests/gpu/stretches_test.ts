import { assertEquals } from "@std/assert";
import { LARGEST_DISPATCH, stretches } from "../../src/gpu/stretches.ts";

Deno.test("work within the limit stays whole", () => {
  assertEquals(stretches({ units: 7, largestUnit: 10 }, 70), [{ first: 0, count: 7 }]);
  // Units at the edge are smaller than the largest.
  const ragged = { units: 7, largestUnit: 10, operations: 65 };
  assertEquals(stretches(ragged, 65), [{ first: 0, count: 7 }]);
  assertEquals(stretches({ units: 0, largestUnit: 10 }, 5), []);
});

Deno.test("larger work is cut evenly, and every unit is in one stretch", () => {
  assertEquals(stretches({ units: 7, largestUnit: 10 }, 69), [
    { first: 0, count: 4 },
    { first: 4, count: 3 },
  ]);
  assertEquals(stretches({ units: 3, largestUnit: 10 }, 1).map(({ count }) => count), [1, 1, 1]);
  const work = { units: 12_345, largestUnit: 3e7 };
  let next = 0;
  for (const { first, count } of stretches(work)) {
    assertEquals([first, count * work.largestUnit <= LARGEST_DISPATCH], [next, true]);
    next += count;
  }
  assertEquals(next, work.units);
});
