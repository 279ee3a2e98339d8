import { assertEquals, assertLess, assertNotEquals } from "@std/assert";
import { rankNeighbours } from "../../src/data/neighbour_lists.ts";
import { openDevice } from "../../src/gpu/device.ts";
import { readFloats } from "../../src/gpu/tensor.ts";
import { represent } from "../golden/replay.ts";
import { mmgcn, type MmgcnSettings } from "../../src/models/mmgcn/mmgcn.ts";
import { builtModel } from "../../src/models/model.ts";
import { Trainer } from "../../src/training/trainer.ts";
import { assertClose } from "../ops/made_epoch.ts";
import { madeDataset } from "../training/made_dataset.ts";
import { assertRefuses, assertResumes, assertTrains } from "./model_runs.ts";

const settings: MmgcnSettings = {
  dim: 8,
  imageDim: 6,
  regWeight: 0.01,
  trainTables: false,
  seed: 1,
};

Deno.test("MMGCN learns, always the same", async () => {
  await assertTrains("mmgcn", { dim: 8, imageDim: 6 });
});

Deno.test("MMGCN resumed goes on as if it had not stopped", async () => {
  await assertResumes("mmgcn", { dim: 8, imageDim: 6, trainTables: true, regWeight: 0.1 });
});

Deno.test("tables are trained where that is asked", async () => {
  using gpu = await openDevice();
  const dataset = madeDataset();
  using model = builtModel(await mmgcn.create(gpu, dataset, { ...settings, trainTables: true }));
  const training = { learningRate: 0.01, weightDecay: 0, batchSize: 64, seed: 4 };
  using trainer = new Trainer(model, dataset.train, training);
  const tensors = Object.values(model.parameters);
  const before = await readFloats(gpu, ...tensors);
  const losses = [await trainer.runEpoch(), await trainer.runEpoch()].map(({ loss }) => loss);
  assertLess(losses[1]!, losses[0]!);
  (await readFloats(gpu, ...tensors)).forEach((values, i) => assertNotEquals(values, before[i]));
});

Deno.test("tables that are not trained are no parameters, and come from the seed alone", async () => {
  using gpu = await openDevice();
  const dataset = madeDataset();
  using fixed = builtModel(await mmgcn.create(gpu, dataset, settings));
  using trained = builtModel(await mmgcn.create(gpu, dataset, { ...settings, trainTables: true }));
  const names = new Set(Object.keys(fixed.parameters));
  assertEquals(
    Object.keys(trained.parameters).filter((name) => !names.has(name)).sort(),
    ["ids", "image.preferences", "text.preferences"],
  );
  assertClose(await represent(gpu, fixed), await represent(gpu, trained));
});

Deno.test("every modality with features has a branch, and others none", async () => {
  using gpu = await openDevice();
  const whole = madeDataset();
  const [text] = whole.modalities;
  const rows = { item: [0, 1], neighbour: [1, 0], cosine: [1, 1] };
  const audio = { name: "audio", neighbours: rankNeighbours(2, rows) };
  const [tags, brand] = ["tags", "brand"].map((name) => ({ ...text!, name }));
  for (const modalities of [[text!], [text!, tags!, brand!], [text!, audio]]) {
    using model = builtModel(await mmgcn.create(gpu, { ...whole, modalities }, settings));
    const branches = new Set(Object.keys(model.parameters).map((name) => name.split(".")[0]));
    const expected = modalities.map(({ name }) => name).filter((name) => name !== "audio");
    assertEquals([...branches], expected);
    const h = await represent(gpu, model);
    assertEquals(h.length, (60 + 40) * settings.dim);
    assertEquals(h.every(Number.isFinite), true);
  }
  assertEquals(gpu.bytes, 0);
});

Deno.test("MMGCN refuses settings out of range, and a dataset without features", async () => {
  await assertRefuses("mmgcn", settings, [
    [{ dim: 6 }, "dim is 6, but must be a multiple of 4 from 4 to 256."],
    [{ imageDim: 0 }, "image-dim is 0, but must be a whole number from 1."],
    [{ imageDim: 2.5 }, "image-dim is 2.5, but must be a whole number from 1."],
    [{ regWeight: -1 }, "reg-weight is -1, but must be 0 or more."],
    [{ trainTables: 1 }, "train-tables is 1, but must be true or false."],
    [{}, "MMGCN learns from item features, and made has none.", { modalities: [] }],
  ]);
});
