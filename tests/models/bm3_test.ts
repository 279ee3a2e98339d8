import { assert, assertEquals, assertRejects } from "@std/assert";
import { openGpu } from "../../src/gpu/device.ts";
import { lossAndGradients } from "../golden/replay.ts";
import { InputError } from "../../src/input_error.ts";
import { type Bm3Settings, createBm3 } from "../../src/models/bm3.ts";
import { madeDataset } from "../training/made_dataset.ts";
import { assertResumes, assertTrains } from "./model_runs.ts";

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
  using gpu = await openGpu();
  const loss = async (seed: number): Promise<number> => {
    using model = await createBm3(gpu, madeDataset(), { ...settings, seed });
    // The same parameters, so that the masks alone differ.
    using same = await createBm3(gpu, madeDataset(), settings);
    const parameters = { ...model, parameters: same.parameters };
    return (await lossAndGradients(gpu, parameters, [[0, 1, 2], [3, 4, 5]])).terms.user_to_item!;
  };
  const [first, again, other] = [await loss(1), await loss(1), await loss(2)];
  assertEquals(first, again);
  assert(first !== other);
});

Deno.test("BM3 passes over modalities without features", async () => {
  using gpu = await openGpu();
  const dataset = madeDataset();
  const [text] = dataset.modalities;
  const neighbours = { itemCount: 40, limit: 1, source: "n.csv", nearest: () => new Uint32Array() };
  const modalities = [text!, { name: "image", neighbours }];
  using model = await createBm3(gpu, { ...dataset, modalities }, settings);
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
  using gpu = await openGpu();
  const cases = [
    [{ dim: 6 }, "dim is 6, but must be a multiple of 4 from 4 to 256."],
    [{ dropout: 1 }, "dropout is 1, but must be from 0 to below 1."],
    [{ regWeight: -1 }, "reg-weight is -1, but must be 0 or more."],
    [{ clWeight: NaN }, "cl-weight is NaN, but must be 0 or more."],
  ] as const;
  for (const [wrong, message] of cases) {
    const create = () => createBm3(gpu, madeDataset(), { ...settings, ...wrong });
    await assertRejects(create, InputError, message);
  }
  const bare = { ...madeDataset(), modalities: [] };
  const message = "BM3 learns from item features, and made has none.";
  await assertRejects(() => createBm3(gpu, bare, settings), InputError, message);
  assertEquals(gpu.bytes, 0);
});
