/** Full ranking against brute force. */
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { buildDataset, type Dataset } from "../../src/data/dataset.ts";
import {
  createEvaluator,
  createRanker,
  evaluate,
  evaluatePerUser,
  seenBefore,
} from "../../src/evaluation/ranking.ts";
import { type GpuDevice, openDevice } from "../../src/gpu/device.ts";
import { Scratch } from "../../src/gpu/scratch.ts";
import { createTensor, write } from "../../src/gpu/tensor.ts";
import { InputError } from "../../src/input_error.ts";
import type { BuiltModel } from "../../src/models/model.ts";
import type { Ranking } from "../../src/ops/ranking/ranker.ts";
import { NO_CANDIDATE } from "../../src/ops/ranking/top_k.ts";
import { add } from "../../src/ops/rows/combine.ts";
import { createRandom, uniformBelow } from "../../src/random.ts";
import { patternOf, type SparsePattern } from "../../src/sparse/csr.ts";
import type { Tape } from "../../src/tape/tape.ts";
import { inBothWays } from "../gpu/gather/both_gathers.ts";
import { madeModel } from "../models/made_model.ts";

type Floats = Float32Array<ArrayBuffer>;

const DIM = 4;
const random = createRandom(31);

/** Small whole numbers: sums are exact, and ties common. */
const wholeNumbers = (length: number): Floats =>
  Float32Array.from({ length }, () => uniformBelow(random, 7) - 3);

/** A model whose representations are its embeddings. */
function plainModel(
  gpu: GpuDevice,
  userCount: number,
  itemCount: number,
  data: Floats,
): BuiltModel {
  const embeddings = createTensor(gpu, "embeddings", [userCount + itemCount, DIM], data);
  return madeModel(gpu, { userCount, itemCount }, {
    parameters: { embeddings },
    lossTerms: {},
    phases: [],
    represent: () => embeddings,
    [Symbol.dispose]: () => embeddings[Symbol.dispose](),
  });
}

const nothingSeen = (users: number, items: number): SparsePattern => patternOf(users, items, []);

function randomSeen(users: number, items: number, most: number): SparsePattern {
  const pairs = Array.from({ length: users }, (_, user) => {
    const drawn = Array.from(
      { length: uniformBelow(random, most + 1) },
      () => uniformBelow(random, items),
    );
    return [...new Set(drawn)].map((item) => [user, item] as const);
  });
  return patternOf(users, items, pairs.flat());
}

/** Each user's k best items that are not hidden, by score, then id. */
function bruteForce(
  { rowCount, columnCount, rowStart, column }: SparsePattern,
  h: Floats,
  k: number,
): Pick<Ranking, "items" | "scores"> {
  const items = new Uint32Array(rowCount * k).fill(NO_CANDIDATE);
  const scores = new Float32Array(rowCount * k).fill(-3.4e38);
  for (let user = 0; user < rowCount; user++) {
    const hidden = new Set(column.subarray(rowStart[user], rowStart[user + 1]));
    const list: { id: number; score: number }[] = [];
    for (let id = 0; id < columnCount; id++) {
      if (hidden.has(id)) continue;
      let score = 0;
      for (let j = 0; j < DIM; j++) score += h[user * DIM + j]! * h[(rowCount + id) * DIM + j]!;
      list.push({ id, score });
    }
    list.sort((a, b) => b.score - a.score || a.id - b.id);
    list.slice(0, k).forEach(({ id, score }, place) => {
      items[user * k + place] = id;
      scores[user * k + place] = score;
    });
  }
  return { items, scores };
}

const cases = [
  { title: "one user, one item", users: 1, items: 1, k: 1, most: 0 },
  { title: "hidden items", users: 30, items: 50, k: 20, most: 40 },
  { title: "fewer items than places", users: 9, items: 7, k: 20, most: 3 },
  { title: "tiles of users and items are crossed", users: 1030, items: 4200, k: 20, most: 30 },
  { title: "long lists", users: 11, items: 5000, k: 128, most: 100 },
  { title: "one place more than a round ranks", users: 9, items: 700, k: 129, most: 100 },
  { title: "two full rounds", users: 20, items: 256, k: 256, most: 0 },
  { title: "every item", users: 13, items: 700, k: 700, most: 600 },
  { title: "rounds over tiles of users and items", users: 1030, items: 1100, k: 300, most: 30 },
];

Deno.test("ranked lists equal those of brute force", async (test) => {
  using opened = await openDevice();
  for (const { title, users, items, k, most, gpu, from } of inBothWays(opened, cases)) {
    await test.step(`${title}: ${users} × ${items}, ${k} places, from ${from}`, async () => {
      const h = wholeNumbers((users + items) * DIM);
      const seen = randomSeen(users, items, most);
      using model = plainModel(gpu, users, items, h);
      using ranker = createRanker(model, seen, k);
      const ranking = await ranker.rank();
      assertEquals(ranking.k, k);
      const expected = bruteForce(seen, h, k);
      assertEquals(ranking.items, expected.items);
      assertEquals(ranking.scores, expected.scores);
    });
  }
});

Deno.test("lists of several rounds are made anew each time, and leave shared memory to others", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const [users, items, k] = [9, 400, 300];
  const seen = randomSeen(users, items, 40);
  // Representations that are computed, in memory that other results may take when they are not needed.
  const h = wholeNumbers((users + items) * DIM);
  using plain = plainModel(gpu, users, items, h);
  const embeddings = { value: plain.parameters.embeddings!, constant: true };
  const model = { ...plain, represent: (tape: Tape) => add(tape, embeddings, embeddings).value };
  using long = createRanker(model, seen, k, scratch);
  using short = createRanker(model, seen, 7, scratch);
  const doubled = h.map((x, at) => at < users * DIM ? 4 * x : x);
  for (const _ of [1, 2]) {
    const ranking = await long.rank();
    assertEquals([ranking.k, ranking.items, ranking.scores], [
      k,
      ...Object.values(bruteForce(seen, doubled, k)),
    ]);
    assertEquals((await short.rank()).items, bruteForce(seen, doubled, 7).items);
  }
});

Deno.test("list lengths that are no whole number from 1 are refused", async () => {
  using gpu = await openDevice();
  using model = plainModel(gpu, 2, 3, wholeNumbers(5 * DIM));
  for (const k of [0, -1, 1.5, 300.5, NaN, Infinity]) {
    const message = `k is ${k}, but must be a whole number from 1.`;
    assertThrows(() => createRanker(model, nothingSeen(2, 3), k), InputError, message);
  }
});

Deno.test("items that rank the higher, the later they come, are all found", async (test) => {
  using gpu = await openDevice();
  const [users, items] = [9, 4090];
  const h = new Float32Array((users + items) * DIM);
  for (let user = 0; user < users; user++) h[user * DIM] = 1;
  for (let item = 0; item < items; item++) h[(users + item) * DIM] = item;
  using model = plainModel(gpu, users, items, h);
  for (const k of [20, 50, 128, 200]) {
    await test.step(`${k} places`, async () => {
      using ranker = createRanker(model, nothingSeen(users, items), k);
      const ranking = await ranker.rank();
      assertEquals(
        ranking.items,
        Uint32Array.from({ length: users * k }, (_, i) => items - 1 - i % k),
      );
    });
  }
});

Deno.test("a user to whom every item is hidden has an empty list", async () => {
  using gpu = await openDevice();
  const all = Array.from({ length: 6 }, (_, item) => [1, item] as const);
  const seen = patternOf(3, 6, [...all, [2, 0]]);
  const h = wholeNumbers(9 * DIM);
  using model = plainModel(gpu, 3, 6, h);
  using ranker = createRanker(model, seen, 4);
  const { items } = await ranker.rank();
  assertEquals(items.subarray(4, 8), new Uint32Array(4).fill(NO_CANDIDATE));
  assertEquals(items, bruteForce(seen, h, 4).items);
});

Deno.test("ranking again sees the model as it is by then", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const [users, items, k] = [5, 30, 6];
  const seen = randomSeen(users, items, 4);
  using model = plainModel(gpu, users, items, wholeNumbers((users + items) * DIM));
  using ranker = createRanker(model, seen, k, scratch);
  await ranker.rank();
  const h = wholeNumbers((users + items) * DIM);
  write(gpu, model.parameters.embeddings!, h);
  assertEquals((await ranker.rank()).items, bruteForce(seen, h, k).items);
});

function tinyDataset(): Dataset {
  const pairs = [
    [0, 3, 0],
    [0, 1, 0],
    [1, 0, 0],
    [2, 2, 0],
    [0, 2, 1],
    [2, 0, 1],
    [0, 0, 2],
    [1, 4, 2],
  ] as const;
  return buildDataset({
    name: "tiny",
    interactions: {
      user: pairs.map(([user]) => user),
      item: pairs.map(([, item]) => item),
      split: pairs.map(([, , split]) => split),
    },
  });
}

Deno.test("validation hides train items, the test hides validation items too", () => {
  const dataset = tinyDataset();
  assertEquals(seenBefore(dataset, "valid"), dataset.train);
  assertEquals(
    seenBefore(dataset, "test"),
    patternOf(3, 5, [[0, 1], [0, 2], [0, 3], [1, 0], [2, 0], [2, 2]]),
  );
});

/** Of the tiny dataset: every user likes item 4 best, then 3, 2, 1, 0. */
function risingModel(gpu: GpuDevice): BuiltModel {
  const h = new Float32Array((3 + 5) * DIM);
  for (let user = 0; user < 3; user++) h[user * DIM] = 1;
  for (let item = 0; item < 5; item++) h[(3 + item) * DIM] = item;
  return plainModel(gpu, 3, 5, h);
}

Deno.test("evaluation is by the protocol, worked out by hand", async () => {
  using gpu = await openDevice();
  const dataset = tinyDataset();
  using model = risingModel(gpu);
  const gain = (rank: number): number => 1 / Math.log2(rank + 1);
  // valid: user 0 sees 4 2 0 (target 2 at rank 2), user 2 sees 4 3 1 0 (target 0 at rank 4).
  const valid = await evaluate(model, dataset, "valid");
  assertEquals([valid["recall@10"], valid["recall@20"]], [1, 1]);
  assertAlmostEquals(valid["ndcg@20"]!, (gain(2) + gain(4)) / 2, 1e-12);
  // test: user 0 sees 4 0 (target 0 at rank 2), user 1 sees 4 first (its target).
  using evaluator = createEvaluator(model, dataset, "test");
  const test = await evaluator.evaluate();
  assertAlmostEquals(test["ndcg@10"]!, (gain(2) + gain(1)) / 2, 1e-12);
  assertEquals(Object.keys(test), ["recall@10", "recall@20", "ndcg@10", "ndcg@20"]);
});

Deno.test("a short evaluation waits for the GPU once, the first one too", async () => {
  using gpu = await openDevice();
  using model = risingModel(gpu);
  using evaluator = createEvaluator(model, tinyDataset(), "valid");
  for (const times of [1, 2, 3]) {
    await evaluator.evaluate();
    assertEquals(gpu.waits, times);
  }
});

Deno.test("metrics are those asked for, of all users or each", async () => {
  using gpu = await openDevice();
  const dataset = tinyDataset();
  // As above: user 0 sees 4 0 (target at rank 2), user 1 sees 4 3 2 1 (target at rank 1).
  using model = risingModel(gpu);
  const metrics = ["mrr@2", "coverage@2", "hit_rate@1", "mean_popularity@2", "recall@500"];
  assertEquals(await evaluate(model, dataset, "test", { metrics }), {
    "mrr@2": (1 / 2 + 1) / 2,
    "coverage@2": 3 / 5, // 4 and 0, 4 and 3
    "hit_rate@1": 1 / 2,
    "mean_popularity@2": (1 / 2 + 1 / 2) / 2, // 4 has no train interaction, 0 and 3 have one
    "recall@500": 1,
  });
  assertEquals(await evaluatePerUser(model, dataset, "test", { metrics }), {
    users: Uint32Array.of(0, 1),
    values: {
      "mrr@2": Float64Array.of(1 / 2, 1),
      "hit_rate@1": Float64Array.of(0, 1),
      "mean_popularity@2": Float64Array.of(1 / 2, 1 / 2),
      "recall@500": Float64Array.of(1, 1),
    },
  });
  const unknown = ["recall"];
  assertThrows(
    () => createEvaluator(model, dataset, "test", { metrics: unknown }),
    InputError,
    'There is no metric "recall".',
  );
});
