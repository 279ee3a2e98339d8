import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  DEFAULT_METRICS,
  type GroundTruth,
  listLengthFor,
  type Metrics,
  type MetricsPerUser,
  parseMetrics,
  rankingMetrics,
  rankingMetricsPerUser,
} from "../../src/evaluation/metrics.ts";
import { InputError } from "../../src/input_error.ts";
import { createRandom, uniformBelow } from "../../src/random.ts";
import type { SparsePattern } from "../../src/sparse/csr.ts";

function patternOf(rows: readonly (readonly number[])[], columnCount: number): SparsePattern {
  const rowStart = new Uint32Array(rows.length + 1);
  rows.forEach((row, r) => rowStart[r + 1] = rowStart[r]! + row.length);
  return { rowCount: rows.length, columnCount, rowStart, column: Uint32Array.from(rows.flat()) };
}

const noItem = 0xffffffff;
const log2of3 = Math.log2(3);

/** Lists of one length. */
const rankingOf = (...lists: readonly (readonly number[])[]) => ({
  items: Uint32Array.from(lists.flat()),
  k: lists[0]!.length,
});

/** Metrics by the order of `kinds`. */
const kinds = ["recall", "ndcg", "precision", "hit_rate", "mrr", "map"];

/** One user each: targets, ranked list, cutoff, and the metrics worked out by hand. */
const cases: [string, number[], number[], number, number[]][] = [
  [
    "hits at ranks 1 and 3",
    [3, 7],
    [3, 1, 7, 0],
    3,
    [1, 1.5 / (1 + 1 / log2of3), 2 / 3, 1, 1, (1 + 2 / 3) / 2],
  ],
  [
    "a hit beyond the cutoff",
    [3, 7],
    [3, 1, 7, 0],
    2,
    [1 / 2, 1 / (1 + 1 / log2of3), 1 / 2, 1, 1, 1 / 2],
  ],
  ["fewer targets than K", [5], [1, 5, 2, 3], 4, [1, 1 / log2of3, 1 / 4, 1, 1 / 2, 1 / 2]],
  [
    "more targets than K",
    [0, 1, 2, 3],
    [9, 2, 1, 0],
    2,
    [1 / 4, 1 / log2of3 / (1 + 1 / log2of3), 1 / 2, 1, 1 / 2, 1 / 4],
  ],
  ["all at the top", [1, 2, 4], [4, 1, 2, 0], 3, [1, 1, 1, 1, 1, 1]],
  ["no hit", [8], [4, 1, 2, 0], 4, [0, 0, 0, 0, 0, 0]],
  ["the only hit beyond the cutoff", [0], [4, 1, 2, 0], 3, [0, 0, 0, 0, 0, 0]],
  [
    "a list that ends early",
    [6, 8],
    [8, noItem, noItem, noItem],
    4,
    [1 / 2, 1 / (1 + 1 / log2of3), 1 / 4, 1, 1, 1 / 2],
  ],
  ["rank 7 of 8", [6], [0, 1, 2, 3, 4, 5, 6, 7], 8, [1, 1 / 3, 1 / 8, 1, 1 / 7, 1 / 7]],
];

for (const [name, targets, list, k, expected] of cases) {
  Deno.test(`metrics of one user: ${name}`, () => {
    const pattern = patternOf([targets], 10);
    const names = kinds.map((kind) => `${kind}@${k}`);
    const truth = { targets: pattern, train: pattern };
    const metrics = rankingMetrics(rankingOf(list), truth, parseMetrics(names));
    assertEquals(Object.keys(metrics), names);
    names.forEach((each, i) => assertAlmostEquals(metrics[each]!, expected[i]!, 1e-15, each));
  });
}

/** Users 1 and 3 have no target; item 0 is the most popular one, item 3 has no interaction. */
const truth: GroundTruth = {
  targets: patternOf([[0], [], [1, 2], []], 4),
  train: patternOf([[1], [0, 1], [0], [0, 2]], 4),
};
const ranking = rankingOf([0, 1], [0, 1], [3, 2], [3, 2]);

Deno.test("users without a target are left out of the mean and of the users", () => {
  const metrics = parseMetrics(["recall@1", "recall@2", "ndcg@1", "ndcg@2"]);
  const { users, values } = rankingMetricsPerUser(ranking, truth, metrics);
  assertEquals([...users], [0, 2]);
  assertEquals([...values["recall@1"]!], [1, 0]);
  assertEquals([...values["recall@2"]!], [1, 0.5]);
  assertEquals([...values["ndcg@1"]!], [1, 0]);
  assertAlmostEquals(values["ndcg@2"]![1]!, 1 / log2of3 / (1 + 1 / log2of3), 1e-15);
  const means = rankingMetrics(ranking, truth, metrics);
  assertEquals(Object.keys(means), ["recall@1", "recall@2", "ndcg@1", "ndcg@2"]);
  assertEquals([means["recall@1"], means["recall@2"], means["ndcg@1"]], [0.5, 0.75, 0.5]);
});

Deno.test("what lists show is that of users with a target", () => {
  const names = ["coverage@1", "coverage@2", "gini@1", "gini@2", "mean_popularity@2"];
  const metrics = rankingMetrics(ranking, truth, parseMetrics(names));
  assertEquals(metrics, {
    "coverage@1": 2 / 4, // items 0 and 3
    "coverage@2": 1,
    "gini@1": 4 / 6, // shown 0, 0, 1, 1 times: (−3 − 1) · 0 + (1 + 3) · 1 over 3 · 2
    "gini@2": 0,
    "mean_popularity@2": (2.5 + 0.5) / 2, // items 0 and 1: 3 and 2; items 3 and 2: 0 and 1
  });
  const { values } = rankingMetricsPerUser(ranking, truth, parseMetrics(names));
  assertEquals(Object.keys(values), ["mean_popularity@2"]);
  assertEquals([...values["mean_popularity@2"]!], [2.5, 0.5]);
});

Deno.test("the Gini index is 1 where one item is all that is shown", () => {
  const targets = patternOf([[1], [2], [0]], 5);
  const all = rankingOf([3, 0], [3, 1], [3, 2]);
  const measured = rankingMetrics(all, { targets, train: targets }, parseMetrics(["gini@1"]));
  assertEquals(measured, { "gini@1": 1 });
});

Deno.test("a catalogue of one item, or nothing shown, gives numbers", () => {
  const one = patternOf([[0]], 1);
  const names = ["gini@1", "coverage@1", "mean_popularity@1"];
  const shown = rankingMetrics(rankingOf([0]), { targets: one, train: one }, parseMetrics(names));
  assertEquals(Object.values(shown), [0, 1, 1]);
  const none = rankingMetrics(
    rankingOf([noItem]),
    { targets: one, train: one },
    parseMetrics(names),
  );
  assertEquals(Object.values(none), [0, 0, 0]);
});

/** All metrics of a split by their definitions, with sets and loops. */
function plainMetrics(
  lists: readonly (readonly number[])[],
  targets: readonly (readonly number[])[],
  popularity: readonly number[],
  k: number,
): Metrics {
  const itemCount = popularity.length;
  const timesShown = new Array<number>(itemCount).fill(0);
  const sums: Record<string, number> = {};
  const add = (name: string, value: number) =>
    sums[`${name}@${k}`] = (sums[`${name}@${k}`] ?? 0) +
      value;
  const counting = targets.flatMap((wanted, user) => wanted.length > 0 ? [user] : []);
  for (const user of counting) {
    const wanted = new Set(targets[user]);
    const top = lists[user]!.slice(0, k).filter((item) => item !== noItem);
    top.forEach((item) => timesShown[item]!++);
    const relevance = Array.from({ length: k }, (_, i) => Number(wanted.has(top[i] ?? -1)));
    const precisionAt = (n: number) => relevance.slice(0, n).filter(Boolean).length / n;
    const dcg = (gains: readonly number[]) =>
      gains.reduce((sum, gain, i) => sum + gain / Math.log2(i + 2), 0);
    const most = Math.min(k, wanted.size);
    const share = 1 / counting.length;
    add("recall", share * precisionAt(k) * k / wanted.size);
    add("ndcg", share * dcg(relevance) / dcg(new Array(most).fill(1)));
    add("precision", share * precisionAt(k));
    add("hit_rate", share * Math.max(...relevance));
    add("mrr", share * Math.max(...relevance.map((hit, i) => hit / (i + 1))));
    add("map", share / most * relevance.reduce((s, hit, i) => s + hit * precisionAt(i + 1), 0));
    const seen = top.map((item) => popularity[item]!);
    add("mean_popularity", share * seen.reduce((sum, count) => sum + count, 0) / seen.length);
  }
  add("coverage", timesShown.filter((times) => times > 0).length / itemCount);
  // Half the mean absolute difference between two of the n items, relative to the mean.
  const differences = timesShown.flatMap((a) => timesShown.map((b) => Math.abs(a - b)));
  const total = timesShown.reduce((sum, times) => sum + times, 0);
  add("gini", differences.reduce((sum, d) => sum + d, 0) / (2 * (itemCount - 1) * total));
  return sums;
}

Deno.test("all metrics agree with their definitions on random lists", async (test) => {
  const random = createRandom(8);
  for (const [users, itemCount, k] of [[1, 2, 1], [40, 30, 7], [90, 200, 50], [25, 60, 60]]) {
    await test.step(`${users} users, ${itemCount} items, K ${k}`, () => {
      const some = (most: number) =>
        [
          ...new Set(Array.from({ length: uniformBelow(random, most) }, () =>
            uniformBelow(random, itemCount!))),
        ].sort((a, b) =>
          a - b
        );
      const shuffled = () => {
        const items = Array.from({ length: itemCount! }, (_, item) => item);
        return items.map((item) => ({ item, key: uniformBelow(random, 2 ** 20) }))
          .sort((a, b) => a.key - b.key).map(({ item }) => item);
      };
      const lists = Array.from({ length: users! }, (_, user) => {
        // Some lists end early.
        const length = user % 3 === 1 ? Math.ceil(k! / 2) : k!;
        return [...shuffled().slice(0, length), ...new Array(k! - length).fill(noItem)];
      });
      const targets = Array.from({ length: users! }, (_, user) => user % 4 === 2 ? [] : some(9));
      targets[0] = [1];
      const train = Array.from({ length: users! }, () => some(20));
      const popularity = Array.from(
        { length: itemCount! },
        (_, item) => train.flat().filter((each) => each === item).length,
      );
      for (const cutoff of [1, Math.ceil(k! / 3), k!]) {
        const expected = plainMetrics(lists, targets, popularity, cutoff);
        const measured = rankingMetrics(
          rankingOf(...lists),
          { targets: patternOf(targets, itemCount!), train: patternOf(train, itemCount!) },
          parseMetrics(Object.keys(expected)),
        );
        assertEquals(Object.keys(measured), Object.keys(expected));
        for (const [name, value] of Object.entries(measured)) {
          assertAlmostEquals(value, expected[name]!, 1e-12, name);
        }
      }
    });
  }
});

Deno.test("means are means of what each user has", () => {
  const metrics = parseMetrics(DEFAULT_METRICS);
  const lists = rankingOf([0, 1, 2, 3], [0, 1, 2, 3], [3, 2, 1, 0], [3, 2, 1, 0]);
  const means = rankingMetrics(lists, truth, metrics);
  const { users, values }: MetricsPerUser = rankingMetricsPerUser(lists, truth, metrics);
  assertEquals(Object.keys(means), [...DEFAULT_METRICS]);
  for (const name of DEFAULT_METRICS) {
    assertEquals(values[name]!.length, users.length);
    assertEquals(means[name], (values[name]![0]! + values[name]![1]!) / 2);
  }
});

Deno.test("with fewer items than K the whole catalogue is the list", () => {
  const two = patternOf([[0, 1]], 2);
  const metrics = parseMetrics(["recall@20", "ndcg@20", "precision@20"]);
  assertEquals(listLengthFor(metrics, 2), 2);
  assertEquals(
    rankingMetrics(rankingOf([1, 0]), { targets: two, train: two }, metrics),
    { "recall@20": 1, "ndcg@20": 1, "precision@20": 0.1 },
  );
});

Deno.test("nobody to evaluate is an error for the mean, an empty list per user", () => {
  const none = patternOf([[], []], 3);
  const nobody = { targets: none, train: none };
  const metrics = parseMetrics(["recall@1", "coverage@1"]);
  const lists = rankingOf([0], [0]);
  assertThrows(() => rankingMetrics(lists, nobody, metrics), InputError, "No user has");
  const { users, values } = rankingMetricsPerUser(lists, nobody, metrics);
  assertEquals([users.length, values["recall@1"]!.length], [0, 0]);
});

Deno.test("names are read once each, in their order", () => {
  const names = ["ndcg@5", "coverage@20", "recall@1", "ndcg@5"];
  const metrics = parseMetrics(names);
  assertEquals(metrics.map(({ name, k }) => [name, k]), [
    ["ndcg@5", 5],
    ["coverage@20", 20],
    ["recall@1", 1],
  ]);
  assertEquals(listLengthFor(metrics, 100), 20);
});

Deno.test("names that are no metric's are refused, and the known ones listed", () => {
  const known = "Known are recall@K, ndcg@K, precision@K, hit_rate@K, mrr@K, map@K, " +
    "mean_popularity@K, coverage@K, gini@K, with a whole number K from 1.";
  const wrong = [
    "",
    "recall",
    "recall@",
    "recall@0",
    "recall@-1",
    "recall@1.5",
    "recall@1e2",
    "recall@ 5",
    "recall@05",
    "recall@10@20",
    "recall@99999999999999999999",
    "Recall@10",
    "hitrate@10",
    "toString@10",
    "@10",
  ];
  for (const name of wrong) {
    const message = `There is no metric "${name}". ${known}`;
    const error = assertThrows(() => parseMetrics(["ndcg@10", name]), InputError);
    assertEquals(error.message, message);
  }
  assertThrows(() => parseMetrics([]), InputError, `No metric is asked for. ${known}`);
});

Deno.test("wrong shapes are refused", () => {
  const metrics = parseMetrics(["recall@1", "mrr@3"]);
  const odd = { ...ranking, k: 3 };
  assertThrows(() => rankingMetrics(odd, truth, metrics), RangeError, "not 4 lists of 3");
  assertThrows(() => rankingMetrics(ranking, truth, metrics), RangeError, "too short for mrr@3");
});
