import { assertEquals, assertRejects } from "@std/assert";
import { recommend, similarItems } from "../../src/evaluation/recommend.ts";
import { openGpu } from "../../src/gpu/device.ts";
import { write } from "../../src/gpu/tensor.ts";
import { InputError } from "../../src/input_error.ts";
import { lightgcn } from "../../src/models/lightgcn.ts";
import { builtModel } from "../../src/models/model.ts";
import { patternOf } from "../../src/sparse/csr.ts";
import { trainOnly } from "../training/made_dataset.ts";

const train = patternOf(2, 5, [[0, 1], [1, 0], [1, 1]]);

/** Without layers, representations are the embeddings: two users, five items, along two axes. */
async function openModel() {
  const gpu = await openGpu();
  const model = builtModel(await lightgcn.create(gpu, trainOnly(train), { dim: 4, layers: 0 }));
  const users = [[1, 0, 0, 0], [0, 1, 0, 0]];
  const items = [[1, 9, 0, 0], [5, 5, 0, 0], [3, 3, 0, 0], [4, 0, 0, 0], [3, 0, 0, 0]];
  write(gpu, model.parameters.embeddings!, Float32Array.from([...users, ...items].flat()));
  return { gpu, model };
}

Deno.test("recommends the best unseen items, ties by id", async () => {
  const { gpu, model } = await openModel();
  using _ = gpu;
  const first = await recommend(gpu, model, train, 0, 3);
  assertEquals(first, [{ item: 3, score: 4 }, { item: 2, score: 3 }, { item: 4, score: 3 }]);
  const second = await recommend(gpu, model, train, 1, 10);
  assertEquals(second.map(({ item }) => item), [2, 3, 4]);
});

Deno.test("finds similar items by cosine, without the item itself", async () => {
  const { gpu, model } = await openModel();
  using _ = gpu;
  const similar = await similarItems(gpu, model, 1, 2);
  assertEquals(similar.map(({ item }) => item), [2, 0]);
  assertEquals(similar[0]!.score.toFixed(6), "1.000000");
});

Deno.test("ids that do not exist are refused", async () => {
  const { gpu, model } = await openModel();
  using _ = gpu;
  const noUser = "There is no user 2: ids go from 0 to 1.";
  await assertRejects(() => recommend(gpu, model, train, 2), InputError, noUser);
  const noItem = "There is no item -1: ids go from 0 to 4.";
  await assertRejects(() => similarItems(gpu, model, -1), InputError, noItem);
});

Deno.test("lists are from 1 to 128 items long", async (test) => {
  const { gpu, model } = await openModel();
  using _ = gpu;
  for (const top of [0, -1, 2.5, 129, NaN]) {
    await test.step(String(top), async () => {
      const message = `top is ${top}, but must be a whole number from 1 to 128.`;
      await assertRejects(() => recommend(gpu, model, train, 0, top), InputError, message);
      await assertRejects(() => similarItems(gpu, model, 0, top), InputError, message);
    });
  }
  assertEquals((await recommend(gpu, model, train, 0, 128)).length, 4);
  assertEquals((await similarItems(gpu, model, 0, 128)).length, 4);
});
