import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { rankingMetrics, rankingMetricsPerUser } from "../../src/evaluation/metrics.ts";
import { InputError } from "../../src/input_error.ts";
import type { SparsePattern } from "../../src/sparse/csr.ts";

function patternOf(rows: number[][], columnCount: number): SparsePattern {
  const rowStart = new Uint32Array(rows.length + 1);
  rows.forEach((row, r) => rowStart[r + 1] = rowStart[r]! + row.length);
  return { rowCount: rows.length, columnCount, rowStart, column: Uint32Array.from(rows.flat()) };
}

const noItem = 0xffffffff;
const log2of3 = Math.log2(3);

/** One user each: targets, ranked list, cutoff, and the metrics worked out by hand. */
const cases: [string, number[], number[], number, number, number][] = [
  ["hits at ranks 1 and 3", [3, 7], [3, 1, 7, 0], 3, 1, 1.5 / (1 + 1 / log2of3)],
  ["a hit beyond the cutoff", [3, 7], [3, 1, 7, 0], 2, 1 / 2, 1 / (1 + 1 / log2of3)],
  ["fewer targets than K", [5], [1, 5, 2, 3], 4, 1, 1 / log2of3],
  ["more targets than K", [0, 1, 2, 3], [9, 2, 1, 0], 2, 1 / 4, 1 / log2of3 / (1 + 1 / log2of3)],
  ["all at the top", [1, 2, 4], [4, 1, 2, 0], 3, 1, 1],
  ["no hit", [8], [4, 1, 2, 0], 4, 0, 0],
  [
    "a list that ends early",
    [6, 8],
    [8, noItem, noItem, noItem],
    4,
    1 / 2,
    1 / (1 + 1 / log2of3),
  ],
  ["rank 7 of 8", [6], [0, 1, 2, 3, 4, 5, 6, 7], 8, 1, 1 / 3],
];

for (const [name, targets, list, cutoff, recall, ndcg] of cases) {
  Deno.test(`metrics of one user: ${name}`, () => {
    const ranked = Uint32Array.from(list);
    const metrics = rankingMetrics(ranked, list.length, patternOf([targets], 10), [cutoff]);
    assertEquals(Object.keys(metrics), [`recall@${cutoff}`, `ndcg@${cutoff}`]);
    assertAlmostEquals(metrics[`recall@${cutoff}`]!, recall, 1e-15);
    assertAlmostEquals(metrics[`ndcg@${cutoff}`]!, ndcg, 1e-15);
  });
}

const targets = patternOf([[0], [], [1, 2], []], 4);
const ranked = Uint32Array.from([0, 1, /**/ 0, 1, /**/ 3, 2, /**/ 3, 2]);

Deno.test("users without a target are left out of the mean and of the users", () => {
  const { users, values } = rankingMetricsPerUser(ranked, 2, targets, [1, 2]);
  assertEquals([...users], [0, 2]);
  assertEquals([...values["recall@1"]!], [1, 0]);
  assertEquals([...values["recall@2"]!], [1, 0.5]);
  assertEquals([...values["ndcg@1"]!], [1, 0]);
  assertAlmostEquals(values["ndcg@2"]![1]!, 1 / log2of3 / (1 + 1 / log2of3), 1e-15);
  const means = rankingMetrics(ranked, 2, targets, [1, 2]);
  assertEquals(Object.keys(means), ["recall@1", "recall@2", "ndcg@1", "ndcg@2"]);
  assertEquals([means["recall@1"], means["recall@2"], means["ndcg@1"]], [0.5, 0.75, 0.5]);
});

Deno.test("a repeated cutoff counts once, and their order does not matter", () => {
  const once = rankingMetrics(ranked, 2, targets, [1, 2]);
  assertEquals(rankingMetrics(ranked, 2, targets, [2, 1, 2]), once);
});

Deno.test("with fewer items than K the whole catalogue is the list", () => {
  const two = patternOf([[0, 1]], 2);
  const metrics = rankingMetrics(Uint32Array.from([1, 0]), 2, two, [20]);
  assertEquals(metrics, { "recall@20": 1, "ndcg@20": 1 });
});

Deno.test("nobody to evaluate is an error for the mean, an empty list per user", () => {
  const none = patternOf([[], []], 3);
  assertThrows(() => rankingMetrics(new Uint32Array(2), 1, none, [1]), InputError, "No user has");
  const { users, values } = rankingMetricsPerUser(new Uint32Array(2), 1, none, [1]);
  assertEquals([users.length, values["recall@1"]!.length], [0, 0]);
});

Deno.test("wrong shapes and cutoffs are refused", () => {
  assertThrows(() => rankingMetrics(ranked, 3, targets, [1]), RangeError, "not 4 lists of 3");
  assertThrows(() => rankingMetrics(ranked, 2, targets, [3]), RangeError, "too short for cutoff 3");
  for (const cutoff of [0, -1, 1.5, NaN]) {
    assertThrows(() => rankingMetrics(ranked, 2, targets, [cutoff]), InputError, `${cutoff}`);
  }
});
