import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import {
  babyDegrees,
  type Degrees,
  degreesOf,
  generateDataset,
  generateFeatures,
  generateGraph,
  repeatDegrees,
  skewedDegrees,
} from "../../../scripts/bench/generated_graph.ts";
import { InputError } from "../../../src/input_error.ts";
import { rowOf } from "../../../src/sparse/csr.ts";

const degrees = (users: number[], items: number[]): Degrees => ({
  users: Uint32Array.from(users),
  items: Uint32Array.from(items),
});

const skewed = (users: number, items: number, total: number): Degrees => ({
  users: skewedDegrees({ count: users, total, least: 1, exponent: 0.4, seed: 3 }),
  items: skewedDegrees({ count: items, total, least: 0, exponent: 0.5, seed: 4 }),
});

const graphs: [string, Degrees][] = [
  ["one pair", degrees([1], [1])],
  ["nothing", degrees([0, 0], [0])],
  ["users and items without interactions", degrees([0, 2, 0, 1], [1, 0, 2])],
  ["a user with all items", degrees([3, 1, 1], [1, 1, 3])],
  ["nearly all pairs", degrees([4, 4, 4, 4, 4], [4, 4, 4, 4, 4])],
  ["all pairs", degrees([3, 3], [2, 2, 2])],
  ["a skewed graph", skewed(300, 200, 3000)],
  ["a graph like Baby's", babyDegrees()],
];

for (const [name, wanted] of graphs) {
  Deno.test(`a generated graph has its degrees and no pair twice: ${name}`, () => {
    const graph = generateGraph(wanted, 1);
    assertEquals(degreesOf(graph), wanted);
    for (let user = 0; user < graph.rowCount; user++) {
      const row = rowOf(graph, user);
      assert(row.every((item, i) => i === 0 || row[i - 1]! < item), `user ${user}: ${row}`);
    }
  });
}

Deno.test("the seed decides the graph", () => {
  const wanted = skewed(60, 40, 300);
  assertEquals(generateGraph(wanted, 7), generateGraph(wanted, 7));
  assertNotEquals(generateGraph(wanted, 7).column, generateGraph(wanted, 8).column);
});

const impossible: [string, Degrees, string][] = [
  ["unequal sums", degrees([2, 1], [1, 1]), "Users have 3 interactions in all, but items 2."],
  ["more than there is", degrees([2], [2]), "user 0 and item 0 have too many"],
];

for (const [name, wanted, message] of impossible) {
  Deno.test(`degrees without a graph are told: ${name}`, () => {
    assertThrows(() => generateGraph(wanted, 1), InputError, message);
  });
}

Deno.test("repeated degrees are the same distribution, several times", () => {
  assertEquals(
    repeatDegrees(degrees([3, 1], [1, 2, 1]), 2),
    degrees([3, 1, 3, 1], [1, 2, 1, 1, 2, 1]),
  );
});

const skews = [
  { count: 1, total: 9, least: 2, exponent: 1, seed: 1 },
  { count: 40, total: 40, least: 1, exponent: 0.5, seed: 1 },
  { count: 500, total: 12_345, least: 3, exponent: 0.5, seed: 2 },
];

for (const skew of skews) {
  Deno.test(`${skew.count} skewed degrees sum to ${skew.total}, none below ${skew.least}`, () => {
    const found = skewedDegrees(skew);
    assertEquals(found.length, skew.count);
    assertEquals(found.reduce((sum, degree) => sum + degree, 0), skew.total);
    assert(found.every((degree) => degree >= skew.least));
  });
}

Deno.test("skewed degrees are a few high and many low ones", () => {
  const found = skewedDegrees({ count: 500, total: 12_345, least: 3, exponent: 0.5, seed: 2 });
  const sorted = found.toSorted((a, b) => b - a);
  assert(sorted[0]! > 5 * sorted[250]!, `${sorted[0]} and ${sorted[250]}`);
});

Deno.test("generated features are read in tiles and get weaker column by column", async () => {
  const features = generateFeatures(200, 130, 5);
  assertEquals([features.rows, features.width], [200, 130]);
  const all = await features.read(0, 200);
  assertEquals(await features.read(7, 9), all.slice(7 * 130, 9 * 130));
  const meanSquare = (column: number): number => {
    let sum = 0;
    for (let row = 0; row < 200; row++) sum += all[row * 130 + column]! ** 2;
    return sum / 200;
  };
  assert(meanSquare(0) > 10 * meanSquare(127));
  assert(meanSquare(128) > 10 * meanSquare(127), "factors come again after 128 columns");
});

Deno.test("a generated dataset has features and neighbours in two modalities", () => {
  const dataset = generateDataset("made", skewed(60, 20, 200), 1);
  assertEquals([dataset.userCount, dataset.itemCount], [60, 20]);
  assertEquals(dataset.train.column.length, 200);
  assertEquals([dataset.valid.column.length, dataset.test.column.length], [0, 0]);
  assertEquals(dataset.modalities.map(({ name }) => name), ["text", "image"]);
  for (const { features, neighbours } of dataset.modalities) {
    assertEquals(features!.rows, 20);
    const ids = neighbours!.nearest(5);
    for (let item = 0; item < 20; item++) {
      const others = new Set(ids.subarray(5 * item, 5 * item + 5));
      assertEquals(others.size, 5);
      assert(!others.has(item) && Math.max(...others) < 20);
    }
    assertThrows(() => neighbours!.nearest(11), InputError, "11 neighbours are asked for");
  }
});
