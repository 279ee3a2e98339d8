import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { openGpu } from "../../src/gpu/device.ts";
import { represent } from "../golden/replay.ts";
import { InputError } from "../../src/input_error.ts";
import {
  createFreedom,
  type Freedom,
  type FreedomSettings,
  frozenGraph,
  modalityWeights,
} from "../../src/models/freedom.ts";
import { toDense } from "../../src/sparse/graphs.ts";
import { madeDataset } from "../training/made_dataset.ts";
import { assertResumes, assertTrains } from "./model_runs.ts";

const dataset = madeDataset();
const settings: FreedomSettings = {
  dim: 8,
  layers: 2,
  itemLayers: 1,
  knn: 5,
  imageWeight: 0.1,
  dropout: 0.5,
  regWeight: 1e-3,
  seed: 1,
};

Deno.test("FREEDOM learns, always the same, with and without dropout", async () => {
  await assertTrains("freedom", { dim: 8, knn: 4, dropout: 0.3, regWeight: 0.1 });
  await assertTrains("freedom", { dim: 8, layers: 1, itemLayers: 2, knn: 4, dropout: 0 });
});

Deno.test("FREEDOM resumed goes on as if it had not stopped", async () => {
  await assertResumes("freedom", { dim: 8, knn: 4, dropout: 0.3, regWeight: 0.1 });
});

Deno.test("the graph of the loss is a sample drawn for each epoch, that of ranking has all", async () => {
  using gpu = await openGpu();
  using model = await createFreedom(gpu, dataset, settings);
  const pruned = () => represent(gpu, { ...model, represent: model.representPruned });
  const [full, first] = [await represent(gpu, model), await pruned()];
  assertNotEquals(first, full);
  model.beginEpoch!(2);
  const second = await pruned();
  assertNotEquals(second, first);
  model.beginEpoch!(1);
  assertEquals(await pruned(), first);
  assertEquals(await represent(gpu, model), full);
  using other = await createFreedom(gpu, dataset, { ...settings, seed: 2 });
  assertNotEquals(await represent(gpu, { ...other, represent: other.representPruned }), first);
});

Deno.test("without dropout there is one graph", async () => {
  using gpu = await openGpu();
  using model: Freedom = await createFreedom(gpu, dataset, { ...settings, dropout: 0 });
  model.beginEpoch!(2);
  const pruned = await represent(gpu, { ...model, represent: model.representPruned });
  assertEquals(pruned, await represent(gpu, model));
});

Deno.test("modalities are weighted so that all add up to 1", () => {
  assertEquals(modalityWeights(["text", "image"], 0.1), [0.9, 0.1]);
  assertEquals(modalityWeights(["text"], 0.1), [1]);
  assertEquals(modalityWeights(["image"], 0), [1]);
  assertEquals(modalityWeights(["text", "image", "sound"], 0.5), [0.25, 0.5, 0.25]);
});

Deno.test("neighbour lists stand for a modality in the item graph, without a term of the loss", async () => {
  using gpu = await openGpu();
  const [text] = dataset.modalities;
  const nearest = (k: number) =>
    Uint32Array.from({ length: 40 * k }, (_, i) => (Math.floor(i / k) + 1 + i % k) % 40);
  const image = {
    name: "image",
    neighbours: { itemCount: 40, limit: 9, source: "n.csv", nearest },
  };
  const mixed = { ...dataset, modalities: [text!, image] };
  const graph = toDense(await frozenGraph(gpu, { ...mixed, modalities: [image] }, settings));
  const third = [...graph.subarray(3 * 40, 4 * 40)].flatMap((x, id) => x === 0 ? [] : [id]);
  assertEquals(third, [3, 4, 5, 6, 7]);
  using model = await createFreedom(gpu, mixed, settings);
  assertEquals(Object.keys(model.lossTerms), ["bpr", "text.bpr"]);
});

Deno.test("with one neighbour items are alike to themselves alone", async () => {
  using gpu = await openGpu();
  const graph = toDense(await frozenGraph(gpu, dataset, { knn: 1, imageWeight: 0.1 }));
  const own = Math.fround(1 / (1 + 1e-7));
  assertEquals([...graph], [...graph].map((_, i) => i % 41 === 0 ? own : 0));
});

Deno.test("FREEDOM refuses settings out of range in one sentence", async () => {
  using gpu = await openGpu();
  const cases = [
    [{ dim: 6 }, "dim is 6, but must be a multiple of 4 from 4 to 256."],
    [{ itemLayers: 0.5 }, "item-layers is 0.5, but must be a whole number from 0."],
    [{ knn: 0 }, "knn is 0, but must be a whole number from 1 to 128."],
    [{ imageWeight: 2 }, "image-weight is 2, but must be from 0 to 1."],
    [{ dropout: 1 }, "dropout is 1, but must be from 0 to below 1."],
    [{ regWeight: -1 }, "reg-weight is -1, but must be 0 or more."],
  ] as const;
  for (const [wrong, message] of cases) {
    const create = () => createFreedom(gpu, dataset, { ...settings, ...wrong });
    await assertRejects(create, InputError, message);
  }
  const bare = { ...dataset, modalities: [] };
  const message = "FREEDOM learns from item features, and made has none.";
  await assertRejects(() => createFreedom(gpu, bare, settings), InputError, message);
  assertEquals(gpu.bytes, 0);
});
