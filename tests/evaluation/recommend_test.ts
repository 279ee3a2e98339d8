import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { embeddings } from "../../src/evaluation/embeddings.ts";
import { seenBefore } from "../../src/evaluation/ranking.ts";
import { recommend, type ScoredItem, similarItems } from "../../src/evaluation/recommend.ts";
import { openDevice } from "../../src/gpu/device.ts";
import { write } from "../../src/gpu/tensor.ts";
import { InputError } from "../../src/input_error.ts";
import { lightgcn } from "../../src/models/lightgcn.ts";
import { builtModel } from "../../src/models/model.ts";
import { patternOf, rowOf } from "../../src/sparse/csr.ts";
import { inBothWays } from "../gpu/gather/both_gathers.ts";
import { madeDataset } from "../training/made_dataset.ts";
import { trainOnly } from "../../scripts/bench/generated_graph.ts";

const train = patternOf(2, 5, [[0, 1], [1, 0], [1, 1]]);
const data = { train, valid: patternOf(2, 5, []) };

/** Without layers, representations are the embeddings: two users, five items, along two axes. */
async function openModel() {
  const gpu = await openDevice();
  const model = builtModel(
    await lightgcn.create(gpu, trainOnly("made", train), { dim: 4, layers: 0 }),
  );
  const users = [[1, 0, 0, 0], [0, 1, 0, 0]];
  const items = [[1, 9, 0, 0], [5, 5, 0, 0], [3, 3, 0, 0], [4, 0, 0, 0], [3, 0, 0, 0]];
  write(gpu, model.parameters.embeddings!, Float32Array.from([...users, ...items].flat()));
  return { gpu, model };
}

const idsOf = (list: readonly ScoredItem[]): number[] => list.map(({ item }) => item);

Deno.test("recommends the best unseen items, ties by id", async () => {
  const { gpu, model } = await openModel();
  using _ = gpu;
  const lists = await recommend(model, data, { users: [0], k: 3 });
  assertEquals(lists, [[{ item: 3, score: 4 }, { item: 2, score: 3 }, { item: 4, score: 3 }]]);
  const several = await recommend(model, data, { users: [1, 0, 1] });
  assertEquals(several.map(idsOf), [[2, 3, 4], [3, 2, 4, 0], [2, 3, 4]]);
  assertEquals(await recommend(model, data, { users: [] }), []);
});

Deno.test("neither train nor validation items are recommended", async () => {
  const { gpu, model } = await openModel();
  using _ = gpu;
  const valid = patternOf(2, 5, [[0, 3], [1, 2]]);
  const lists = await recommend(model, { train, valid }, { users: [0, 1] });
  assertEquals(lists.map(idsOf), [[2, 4, 0], [3, 4]]);
});

Deno.test("finds similar items by cosine, without the item itself", async () => {
  const { gpu, model } = await openModel();
  using _ = gpu;
  const similar = await similarItems(model, 1, { k: 2 });
  assertEquals(idsOf(similar), [2, 0]);
  assertEquals(similar[0]!.score.toFixed(6), "1.000000");
  const several = await similarItems(model, [4, 1], { k: 2 });
  assertEquals(several[0]![0], { item: 3, score: 1 });
  assertEquals(several[1], similar);
  assertEquals(await similarItems(model, []), []);
});

/** The best others than `hidden`, by a score, then id. */
function plainList(
  itemCount: number,
  hidden: Iterable<number>,
  k: number,
  score: (item: number) => number,
): ScoredItem[] {
  const left = new Set(hidden);
  return Array.from({ length: itemCount }, (_, item) => ({ item, score: score(item) }))
    .filter(({ item }) => !left.has(item))
    .sort((a, b) => b.score - a.score || a.item - b.item)
    .slice(0, k);
}

/** Lists agree where scores do: items whose scores are within rounding may stand in either order. */
function assertSameList(
  ours: readonly ScoredItem[],
  plain: readonly ScoredItem[],
  whole: readonly ScoredItem[],
) {
  assertEquals(ours.length, plain.length);
  assertEquals(new Set(idsOf(ours)).size, ours.length);
  const scores = new Map(whole.map(({ item, score }) => [item, score]));
  ours.forEach(({ item, score }, place) => {
    assertAlmostEquals(score, scores.get(item)!, 1e-6);
    assertAlmostEquals(score, plain[place]!.score, 1e-6);
    assert(place === 0 || score <= ours[place - 1]!.score);
  });
}

Deno.test("lists of a model agree with f64 on the CPU, of any length", async (test) => {
  using opened = await openDevice();
  const dataset = madeDataset();
  const { userCount, itemCount } = dataset;
  for (const { k, from, gpu } of inBothWays(opened, [{ k: 7 }, { k: itemCount }])) {
    await test.step(`${k} of ${itemCount} items, from ${from}`, async () => {
      using model = builtModel(
        await lightgcn.create(gpu, dataset, { dim: 16, layers: 2, regWeight: 0, seed: 5 }),
      );
      const { users, items, dim } = await embeddings(model);
      const dot = (a: Float32Array, i: number, b: Float32Array, j: number): number => {
        let sum = 0;
        for (let c = 0; c < dim; c++) sum += a[i * dim + c]! * b[j * dim + c]!;
        return sum;
      };
      const cosine = (i: number, j: number): number =>
        dot(items, i, items, j) / Math.sqrt(dot(items, i, items, i) * dot(items, j, items, j));
      const asking = [userCount - 1, 0, 3, 2];
      const seen = seenBefore(dataset, "test");
      const recommended = await recommend(model, dataset, { users: asking, k });
      asking.forEach((user, i) => {
        const score = (item: number) => dot(users, user, items, item);
        const whole = plainList(itemCount, rowOf(seen, user), itemCount, score);
        assertSameList(recommended[i]!, whole.slice(0, k), whole);
      });
      const like = [itemCount - 1, 0, 5];
      const similar = await similarItems(model, like, { k });
      like.forEach((item, i) => {
        const whole = plainList(itemCount, [item], itemCount, (other) => cosine(item, other));
        assertSameList(similar[i]!, whole.slice(0, k), whole);
      });
    });
  }
});

Deno.test("ids that do not exist are refused", async () => {
  const { gpu, model } = await openModel();
  using _ = gpu;
  const noUser = "There is no user 2: ids go from 0 to 1.";
  await assertRejects(() => recommend(model, data, { users: [0, 2] }), InputError, noUser);
  const noItem = "There is no item -1: ids go from 0 to 4.";
  await assertRejects(() => similarItems(model, -1), InputError, noItem);
  const halfItem = "There is no item 0.5: ids go from 0 to 4.";
  await assertRejects(() => similarItems(model, [1, 0.5]), InputError, halfItem);
});

Deno.test("lists are of any length from 1, as far as there are items", async (test) => {
  const { gpu, model } = await openModel();
  using _ = gpu;
  for (const k of [0, -1, 2.5, NaN]) {
    await test.step(String(k), async () => {
      const message = `k is ${k}, but must be a whole number from 1.`;
      await assertRejects(
        () => recommend(model, data, { users: [0], k }),
        InputError,
        message,
      );
      await assertRejects(() => similarItems(model, 0, { k }), InputError, message);
    });
  }
  for (const k of [5, 128, 129, 1e6]) {
    assertEquals((await recommend(model, data, { users: [0], k })).map((l) => l.length), [4]);
    assertEquals((await similarItems(model, 0, { k })).length, 4);
  }
});
