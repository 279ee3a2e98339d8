/** Weighted samples of edges: how many, which, and how often. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { createRandom } from "../../src/random.ts";
import { patternOf, rowOf } from "../../src/sparse/csr.ts";
import { edgeWeights, sampleEdges } from "../../src/sparse/edge_sampling.ts";

const pattern = patternOf(4, 3, [[0, 0], [0, 1], [1, 0], [3, 0], [3, 2]]);

Deno.test("edges of busy nodes weigh less", () => {
  const expected = [1 / Math.sqrt(2 * 3), 1 / Math.sqrt(2), 1 / Math.sqrt(3)];
  expected.push(1 / Math.sqrt(2 * 3), 1 / Math.sqrt(2));
  assertEquals([...edgeWeights(pattern)], expected);
});

Deno.test("a sample has as many edges as asked, all of the graph, and the same for the same seed", () => {
  const weights = edgeWeights(pattern);
  for (let count = 1; count <= 5; count++) {
    const kept = sampleEdges(pattern, weights, count, createRandom(count));
    assertEquals(kept.column.length, count);
    assertEquals(kept.rowStart.at(-1), count);
    for (let row = 0; row < 4; row++) {
      const whole = rowOf(pattern, row);
      assert(rowOf(kept, row).every((column) => whole.includes(column)));
    }
    assertEquals(sampleEdges(pattern, weights, count, createRandom(count)), kept);
  }
  assertEquals(sampleEdges(pattern, weights, 5, createRandom(9)), pattern);
});

Deno.test("edges are drawn one after the other, in proportion to their weights", () => {
  const three = patternOf(1, 3, [[0, 0], [0, 1], [0, 2]]);
  const weights = Float64Array.of(5, 3, 2);
  const random = createRandom(8);
  const rounds = 20_000;
  const left = [0, 0, 0];
  for (let round = 0; round < rounds; round++) {
    const { column } = sampleEdges(three, weights, 2, random);
    left[3 - column[0]! - column[1]!]!++;
  }
  // The one that is left is neither first nor second.
  const share = (a: number, b: number): number => a / 10 * b / (10 - a) + b / 10 * a / (10 - b);
  [share(3, 2), share(5, 2), share(5, 3)].forEach((expected, id) =>
    assertAlmostEquals(left[id]! / rounds, expected, 0.012)
  );
});

Deno.test("edges with equal keys are kept in order", () => {
  // u = 1 throughout gives every edge the key 0.
  const kept = sampleEdges(pattern, edgeWeights(pattern), 2, () => 0);
  assertEquals([...kept.column], [0, 1]);
});
