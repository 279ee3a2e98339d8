/** What types say of the API: these lines are checked by `deno check`, and run as far as they go. */
import { assertEquals, assertRejects } from "@std/assert";
import { evaluate, InputError, models, openGpu, train } from "../mod.ts";
import { madeDataset } from "./training/made_dataset.ts";

Deno.test("settings are typed by the model, and what is left out is the preset's", async () => {
  using gpu = await openGpu();
  const data = madeDataset();
  using model = await models.lightgcn.create(gpu, data, { layers: 2, dim: 8, seed: 1 });
  assertEquals(model.settings, {
    dim: 8,
    layers: 2,
    regWeight: 1e-2,
    content: {},
    filter: 0,
    seed: 1,
  });
  // @ts-expect-error LightGCN has no gamma
  await assertRejects(() => models.lightgcn.create(gpu, data, { gamma: 1 }), InputError, "gamma");
  // @ts-expect-error layers are a number
  await assertRejects(() => models.lightgcn.create(gpu, data, { layers: "2" }), InputError);
  // @ts-expect-error there is no such model
  assertEquals(models.books, undefined);
});

Deno.test("results hold the metrics that were asked for, by name", async () => {
  using gpu = await openGpu();
  const data = madeDataset();
  using model = await models.mf_bpr.create(gpu, data, { dim: 8 });
  const options = { epochs: 2, metrics: ["recall@5", "mrr@3"], select: "recall@5" } as const;
  const { test, history } = await train(model, data, options);
  const recall: number = test["recall@5"];
  // @ts-expect-error NDCG@20 was not asked for
  assertEquals([recall >= 0, test["ndcg@20"]], [true, undefined]);
  assertEquals(history.map(({ epoch }) => epoch), [0, 1, 2]);
  assertEquals(Object.keys(await evaluate(model, data, "test", { metrics: ["gini@3"] })), [
    "gini@3",
  ]);
  assertEquals(Object.keys(await evaluate(model, data, "valid")).length, 4);
});

Deno.test("onEpoch is waited for", async () => {
  using gpu = await openGpu();
  const data = madeDataset();
  using model = await models.mf_bpr.create(gpu, data, { dim: 8 });
  const order: string[] = [];
  await train(model, data, {
    epochs: 2,
    onEpoch: async ({ epoch }) => {
      order.push(`begin ${epoch}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push(`end ${epoch}`);
    },
  });
  assertEquals(order, ["begin 0", "end 0", "begin 1", "end 1", "begin 2", "end 2"]);
});
