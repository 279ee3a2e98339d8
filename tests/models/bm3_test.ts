import { assert, assertEquals } from "@std/assert";
import { openDevice } from "../../src/gpu/device.ts";
import { lossAndGradients } from "../golden/replay.ts";
import { bm3, type Bm3Settings } from "../../src/models/bm3.ts";
import { builtModel } from "../../src/models/model.ts";
import { madeDataset } from "../training/made_dataset.ts";
import { assertRefuses, assertResumes, assertTrains } from "./model_runs.ts";

const settings: Bm3Settings = {
  dim: 8,
  layers: 1,
  dropout: 0.5,
  regWeight: 0.1,
  clWeight: 2,
  seed: 1,
};

Deno.test("BM3 learns, always the same, with and without dropout", async () => {
  await assertTrains("bm3", { dim: 8, layers: 2, dropout: 0.3 });
  await assertTrains("bm3", { dim: 8, layers: 0, dropout: 0 });
});

Deno.test("BM3 resumed goes on as if it had not stopped", async () => {
  await assertResumes("bm3", { dim: 8, dropout: 0.3 });
});

Deno.test("masks of BM3 depend on its seed", async () => {
  using gpu = await openDevice();
  const loss = async (seed: number): Promise<number> => {
    using model = builtModel(await bm3.create(gpu, madeDataset(), { ...settings, seed }));
    // The same parameters, so that the masks alone differ.
    using same = builtModel(await bm3.create(gpu, madeDataset(), settings));
    const parameters = { ...model, parameters: same.parameters };
    return (await lossAndGradients(gpu, parameters, [[0, 1, 2], [3, 4, 5]])).terms.user_to_item!;
  };
  const [first, again, other] = [await loss(1), await loss(1), await loss(2)];
  assertEquals(first, again);
  assert(first !== other);
});

Deno.test("BM3 passes over modalities without features", async () => {
  using gpu = await openDevice();
  const dataset = madeDataset();
  const [text] = dataset.modalities;
  const neighbours = {
    itemCount: 40,
    limit: 1,
    source: "n.csv",
    nearest: () => new Uint32Array(),
    cosines: () => new Float32Array(),
  };
  const modalities = [text!, { name: "image", neighbours }];
  using model = builtModel(await bm3.create(gpu, { ...dataset, modalities }, settings));
  const terms = ["user_to_item", "item_to_user", "norms", "text.to_item", "text.to_itself"];
  assertEquals(Object.keys(model.lossTerms), terms);
  assertEquals(Object.keys(model.parameters), [
    "embeddings",
    "predictor.weight",
    "predictor.bias",
    "text.features",
    "text.weight",
    "text.bias",
  ]);
});

Deno.test("BM3 refuses settings out of range in one sentence", async () => {
  await assertRefuses("bm3", settings, [
    [{ dim: 6 }, "dim is 6, but must be a multiple of 4 from 4 to 256."],
    [{ dropout: 1 }, "dropout is 1, but must be from 0 to below 1."],
    [{ regWeight: -1 }, "reg-weight is -1, but must be 0 or more."],
    [{ clWeight: NaN }, "cl-weight is NaN, but must be 0 or more."],
    [{}, "BM3 learns from item features, and made has none.", { modalities: [] }],
  ]);
});
