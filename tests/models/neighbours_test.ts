/** Neighbourhood models against their formulas in dense loops and f64; and what they must not see. */
import { assertAlmostEquals, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { inverse, Matrix as DenseMatrix } from "ml-matrix";
import { buildDataset, type Dataset } from "../../src/data/dataset.ts";
import { embeddings } from "../../src/evaluation/embeddings.ts";
import { evaluate } from "../../src/evaluation/ranking.ts";
import { recommend, similarItems } from "../../src/evaluation/recommend.ts";
import { openDevice } from "../../src/gpu/device.ts";
import { InputError } from "../../src/input_error.ts";
import { models } from "../../src/models/registry.ts";
import { rowOf } from "../../src/sparse/csr.ts";
import { toDense } from "../../src/sparse/graphs.ts";
import { valued } from "../../src/sparse/matrix_sums.ts";
import { train } from "../../src/training/train.ts";
import { madeDataset } from "../training/made_dataset.ts";

type Matrix = number[][];

const dataset = madeDataset();

/** The train interactions, users × items. */
function dense({ train, userCount, itemCount }: Dataset): Matrix {
  const flat = toDense(valued(train));
  return Array.from(
    { length: userCount },
    (_, u) => [...flat.subarray(u * itemCount, (u + 1) * itemCount)],
  );
}

const transposed = (a: Matrix): Matrix => a[0]!.map((_, c) => a.map((row) => row[c]!));
const sum = (row: readonly number[]): number => row.reduce((total, x) => total + x, 0);
const product = (a: Matrix, b: Matrix): Matrix => {
  const columns = transposed(b);
  return a.map((row) => columns.map((column) => sum(row.map((x, i) => x * column[i]!))));
};

/** W_ij by a formula, without its diagonal; the k largest above 0 of each row, of equal ones the first. */
function lists(size: number, k: number, entry: (i: number, j: number) => number): Matrix {
  return Array.from({ length: size }, (_, i) => {
    const row = Array.from({ length: size }, (_, j) => i === j ? 0 : entry(i, j));
    const kept = row.map((x, j) => ({ x, j })).filter(({ x }) => x > 0)
      .sort((a, b) => Math.fround(b.x) - Math.fround(a.x) || a.j - b.j).slice(0, k);
    return row.map((x, j) => kept.some((one) => one.j === j) ? x : 0);
  });
}

const x = dense(dataset), xt = transposed(x);
const d = x.map(sum), items = xt.map(sum);
const together = (w: number, i: number, j: number): number =>
  sum(x.map((row, u) => row[i]! * row[j]! * d[u]! ** -w));
const power = (count: number, exponent: number): number => count === 0 ? 1 : count ** exponent;

/** Scores of all users by the formulas in the heads of the models' files. */
const expected: Record<string, (k: number) => Matrix> = {
  item_knn: (k) => {
    const norm = (i: number): number => Math.sqrt(together(0.5, i, i));
    return product(
      x,
      lists(items.length, k, (i, j) => together(0.5, i, j) / (norm(i) * norm(j) + 50)),
    );
  },
  user_knn: (k) => {
    const shared = (u: number, v: number): number =>
      sum(x[u]!.map((one, i) => one * x[v]![i]! * power(items[i]!, -0.5)));
    const norm = (u: number): number => Math.sqrt(shared(u, u));
    return product(lists(d.length, k, (u, v) => shared(u, v) / (norm(u) * norm(v) + 1)), x);
  },
  rp3_beta: (k) =>
    product(
      x,
      lists(items.length, k, (i, j) =>
        together(0.3, i, j) * power(items[i]!, -0.3) * power(items[j]!, -0.1)),
    ),
  item_filter: (k) =>
    product(
      x,
      lists(items.length, k, (i, j) =>
        (together(0.25, i, j) * power(items[i]!, -0.25) * power(items[j]!, -0.15)) ** 1.3),
    ),
  ease: (k) => {
    const gram = new DenseMatrix(
      items.map((_, i) => items.map((_, j) => together(0.5, i, j) + (i === j ? 50 : 0))),
    );
    const p = inverse(gram);
    const weights = items.map((_, i) =>
      items.map((_, j) => i === j ? 0 : -p.get(i, j) / p.get(j, j))
    );
    return product(x, weights.map((row) => largestOf(row, k)));
  },
};

/** A row's k largest numbers by magnitude, of equal ones the first; the others 0. */
function largestOf(row: number[], k: number): number[] {
  const kept = row.map((value, j) => ({ size: Math.fround(Math.abs(value)), j }))
    .sort((a, b) => b.size - a.size || a.j - b.j).slice(0, k);
  return row.map((value, j) => kept.some((one) => one.j === j) ? value : 0);
}

const { item_knn, user_knn, rp3_beta, item_filter, ease } = models;
const kinds = [item_knn, user_knn, rp3_beta, item_filter, ease];

for (const kind of kinds) {
  Deno.test(`${kind.name}'s scores are those of its formula`, async (test) => {
    using gpu = await openDevice();
    for (const neighbors of [3, 1000]) {
      await test.step(`lists of ${neighbors} at most`, async () => {
        using model = await kind.create(gpu, dataset, { neighbors });
        const scores = expected[kind.name]!(neighbors);
        const users = [0, 7, 59];
        const recommended = await recommend(model, dataset, { users, k: 40 });
        users.forEach((user, at) => {
          const hidden = new Set([...rowOf(dataset.train, user), ...rowOf(dataset.valid, user)]);
          assertEquals(recommended[at]!.length, dataset.itemCount - hidden.size);
          for (const { item, score } of recommended[at]!) {
            assertEquals(hidden.has(item), false);
            assertAlmostEquals(score, scores[user]![item]!, 1e-4 * Math.max(...scores[user]!));
          }
          const found = recommended[at]!;
          for (let place = 1; place < found.length; place++) {
            const [before, after] = [found[place - 1]!, found[place]!];
            const inOrder = before.score > after.score ||
              before.score === after.score && before.item < after.item;
            assertEquals(inOrder, true, "by score, ties by id");
          }
        });
      });
    }
  });

  Deno.test(`${kind.name} sees train interactions alone, and is the same each time`, async () => {
    using gpu = await openDevice();
    const { valid, test } = dataset;
    using model = await kind.create(gpu, dataset);
    using again = await kind.create(gpu, { ...dataset, valid: test, test: valid });
    const users = Array.from({ length: dataset.userCount }, (_, user) => user);
    const all = {
      train: dataset.train,
      valid: { ...valid, rowStart: valid.rowStart.map(() => 0) },
    };
    assertEquals(
      await recommend(again, all, { users }),
      await recommend(model, all, { users }),
    );
  });
}

/** A user with one item, an item that nobody has in train, and an item that shares no user with others. */
function oddDataset(): Dataset {
  return buildDataset({
    name: "odd",
    interactions: {
      user: [0, 0, 0, 1, 1, 1, 2, 2, 2],
      item: [0, 1, 2, 0, 1, 3, 4, 0, 1],
      split: [0, 0, 1, 0, 0, 2, 0, 1, 2],
    },
  });
}

Deno.test("items that nobody has score 0, and so does all for whom nothing is similar", async () => {
  using gpu = await openDevice();
  for (const kind of kinds) {
    using model = await kind.create(gpu, oddDataset());
    const [alone] = await recommend(model, oddDataset(), { users: [2] });
    assertEquals(alone, [1, 2, 3].map((item) => ({ item, score: 0 })));
    const [first] = await recommend(model, oddDataset(), { users: [0] });
    assertEquals(first!.map(({ score }) => score), [0, 0]);
  }
});

Deno.test("what is alike in a modality is added to lists, and to the scores of any model", async () => {
  using gpu = await openDevice();
  for (const kind of [item_filter, user_knn, models.mf_bpr]) {
    using plain = await kind.create(gpu, dataset, { seed: 1 });
    using fused = await kind.create(gpu, dataset, { seed: 1, content: { text: 0.5 } });
    using none = await kind.create(gpu, dataset, { seed: 1, content: { text: 0 } });
    const ask = { users: [4], k: 5 };
    const before = await recommend(plain, dataset, ask);
    assertEquals(await recommend(none, dataset, ask), before);
    assertNotEquals(await recommend(fused, dataset, ask), before);
  }
  await assertRejects(
    () => item_filter.create(gpu, dataset, { content: { sound: 1 } }),
    InputError,
    'content names "sound", but made has text, image.',
  );
});

Deno.test("a second hop adds what similar items lead to", async () => {
  using gpu = await openDevice();
  using plain = await item_filter.create(gpu, dataset, { neighbors: 4 });
  using hopping = await item_filter.create(gpu, dataset, { neighbors: 4, secondHop: 0.1 });
  const ofPlain = await similarItems(plain, 3, { k: 39 });
  const ofHopping = await similarItems(hopping, 3, { k: 39 });
  const above = (list: typeof ofPlain): number => list.filter(({ score }) => score > 0).length;
  assertEquals(above(ofPlain), 4);
  assertEquals(above(ofHopping) > 4, true);
});

Deno.test("a computed model is evaluated and tested once, whatever epochs are asked for", async () => {
  using gpu = await openDevice();
  using model = await item_filter.create(gpu, dataset);
  const { epochs, bestEpoch, test, history } = await train(model, dataset, { epochs: 7 });
  assertEquals([epochs, bestEpoch, history.length], [0, 0, 1]);
  assertEquals(test, await evaluate(model, dataset, "test"));
  await assertRejects(() => embeddings(model), InputError, "item_filter has no embeddings");
});
