import { assertEquals } from "@std/assert";
import { openDevice } from "../../src/gpu/device.ts";
import { readFloats } from "../../src/gpu/tensor.ts";
import { represent } from "../golden/replay.ts";
import { mfBpr } from "../../src/models/mf_bpr.ts";
import { builtModel } from "../../src/models/model.ts";
import { madeDataset } from "../training/made_dataset.ts";
import { assertRefuses, assertTrains } from "./model_runs.ts";

const settings = { dim: 8, regWeight: 0.01, seed: 1 };

Deno.test("MF-BPR learns, with and without its penalty, always the same", async () => {
  await assertTrains("mf_bpr", { dim: 8 });
  await assertTrains("mf_bpr", { dim: 8, regWeight: 0.01 });
});

Deno.test("MF-BPR is represented by its embeddings", async () => {
  using gpu = await openDevice();
  using model = builtModel(await mfBpr.create(gpu, madeDataset(), settings));
  const [embeddings] = await readFloats(gpu, model.parameters.embeddings!);
  assertEquals(await represent(gpu, model), embeddings);
});

Deno.test("MF-BPR refuses settings out of range in one sentence", async () => {
  await assertRefuses("mf_bpr", settings, [
    [{ dim: 6 }, "dim is 6, but must be a multiple of 4 from 4 to 256."],
    [{ regWeight: -1 }, "reg-weight is -1, but must be 0 or more."],
  ]);
});
