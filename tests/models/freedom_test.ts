import { assertEquals, assertNotEquals } from "@std/assert";
import { type GpuDevice, openDevice } from "../../src/gpu/device.ts";
import { lossAndGradients, represent } from "../golden/replay.ts";
import {
  drawSample,
  freedom,
  type FreedomData,
  type FreedomSettings,
  frozenGraph,
  modalityWeights,
  prepareFreedom,
  vectors,
} from "../../src/models/freedom.ts";
import { type BuiltModel, builtModel, constants } from "../../src/models/model.ts";
import { toDense } from "../../src/sparse/graphs.ts";
import { madeDataset } from "../training/made_dataset.ts";
import { assertRefuses, assertResumes, assertTrains } from "./model_runs.ts";

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

/** Representations over an epoch's sample. */
async function sampled(gpu: GpuDevice, { parameters }: BuiltModel, data: FreedomData) {
  return await represent(gpu, {
    represent: (tape) => vectors(tape, data, data.sampled, constants(parameters)).value,
  });
}

Deno.test("the graph of the loss is a sample drawn for each epoch, that of ranking has all", async () => {
  using gpu = await openDevice();
  using model = builtModel(await freedom.create(gpu, dataset, settings));
  using data = await prepareFreedom(gpu, dataset, settings);
  const [full, first] = [await represent(gpu, model), await sampled(gpu, model, data)];
  assertNotEquals(first, full);
  drawSample(data, 2);
  const second = await sampled(gpu, model, data);
  assertNotEquals(second, first);
  drawSample(data, 1);
  assertEquals(await sampled(gpu, model, data), first);
  using other = await prepareFreedom(gpu, dataset, { ...settings, seed: 2 });
  assertNotEquals(await sampled(gpu, model, other), first);
});

Deno.test("a model's epochs have their samples, and its ranking has all", async () => {
  using gpu = await openDevice();
  using model = builtModel(await freedom.create(gpu, dataset, settings));
  const loss = async (epoch: number) => {
    model.beginEpoch!(epoch);
    return (await lossAndGradients(gpu, model, [[0, 1, 2], [3, 4, 5]])).terms.bpr;
  };
  const full = await represent(gpu, model);
  const first = await loss(1);
  assertNotEquals(await loss(2), first);
  assertEquals(await loss(1), first);
  assertEquals(await represent(gpu, model), full);
});

Deno.test("without dropout there is one graph", async () => {
  using gpu = await openDevice();
  const undropped = { ...settings, dropout: 0 };
  using model = builtModel(await freedom.create(gpu, dataset, undropped));
  using data = await prepareFreedom(gpu, dataset, undropped);
  drawSample(data, 2);
  assertEquals(await sampled(gpu, model, data), await represent(gpu, model));
});

Deno.test("modalities are weighted so that all add up to 1", () => {
  assertEquals(modalityWeights(["text", "image"], 0.1), [0.9, 0.1]);
  assertEquals(modalityWeights(["text"], 0.1), [1]);
  assertEquals(modalityWeights(["image"], 0), [1]);
  assertEquals(modalityWeights(["text", "image", "sound"], 0.5), [0.25, 0.5, 0.25]);
});

Deno.test("neighbour lists stand for a modality in the item graph, without a term of the loss", async () => {
  using gpu = await openDevice();
  const [text] = dataset.modalities;
  const nearest = (k: number) =>
    Uint32Array.from({ length: 40 * k }, (_, i) => (Math.floor(i / k) + 1 + i % k) % 40);
  const image = {
    name: "image",
    neighbours: {
      itemCount: 40,
      limit: 9,
      source: "n.csv",
      nearest,
      cosines: () => new Float32Array(),
    },
  };
  const mixed = { ...dataset, modalities: [text!, image] };
  const graph = toDense(await frozenGraph(gpu, { ...mixed, modalities: [image] }, settings));
  const third = [...graph.subarray(3 * 40, 4 * 40)].flatMap((x, id) => x === 0 ? [] : [id]);
  assertEquals(third, [3, 4, 5, 6, 7]);
  using model = builtModel(await freedom.create(gpu, mixed, settings));
  assertEquals(Object.keys(model.lossTerms), ["bpr", "text.bpr"]);
});

Deno.test("with one neighbour items are alike to themselves alone", async () => {
  using gpu = await openDevice();
  const graph = toDense(await frozenGraph(gpu, dataset, { knn: 1, imageWeight: 0.1 }));
  const own = Math.fround(1 / (1 + 1e-7));
  assertEquals([...graph], [...graph].map((_, i) => i % 41 === 0 ? own : 0));
});

Deno.test("FREEDOM refuses settings out of range in one sentence", async () => {
  await assertRefuses("freedom", settings, [
    [{ dim: 6 }, "dim is 6, but must be a multiple of 4 from 4 to 256."],
    [{ itemLayers: 0.5 }, "item-layers is 0.5, but must be a whole number from 0."],
    [{ knn: 0 }, "knn is 0, but must be a whole number from 1 to 128."],
    [{ imageWeight: 2 }, "image-weight is 2, but must be from 0 to 1."],
    [{ dropout: 1 }, "dropout is 1, but must be from 0 to below 1."],
    [{ regWeight: -1 }, "reg-weight is -1, but must be 0 or more."],
    [{}, "FREEDOM learns from item features, and made has none.", { modalities: [] }],
  ]);
});
