import { openDevice } from "../../src/gpu/device.ts";
import { readFloats } from "../../src/gpu/tensor.ts";
import { represent } from "../golden/replay.ts";
import { lightgcn } from "../../src/models/lightgcn.ts";
import { builtModel } from "../../src/models/model.ts";
import { interactionGraph, toDense } from "../../src/sparse/graphs.ts";
import { assertClose } from "../ops/made_epoch.ts";
import { madeDataset } from "../training/made_dataset.ts";
import { assertRefuses, assertTrains } from "./model_runs.ts";

const settings = { dim: 8, layers: 2, regWeight: 0.01, seed: 1 };

Deno.test("LightGCN learns, with and without its penalty, always the same", async () => {
  await assertTrains("lightgcn", { dim: 8, layers: 2, regWeight: 0 });
  await assertTrains("lightgcn", { dim: 8, layers: 2, regWeight: 0.01 });
});

Deno.test("LightGCN is represented by the mean of its layers", async () => {
  using gpu = await openDevice();
  const dataset = madeDataset();
  using model = builtModel(await lightgcn.create(gpu, dataset, settings));
  const [embeddings] = await readFloats(gpu, model.parameters.embeddings!);
  const graph = toDense(interactionGraph(dataset.train));
  const rows = dataset.userCount + dataset.itemCount;
  let layer = Float64Array.from(embeddings!);
  const sum = layer.slice();
  for (let l = 1; l <= settings.layers; l++) {
    const next = new Float64Array(layer.length);
    for (let r = 0; r < rows; r++) {
      for (let s = 0; s < rows; s++) {
        for (let j = 0; j < 8; j++) next[r * 8 + j]! += graph[r * rows + s]! * layer[s * 8 + j]!;
      }
    }
    next.forEach((x, i) => sum[i]! += x);
    layer = next;
  }
  assertClose(await represent(gpu, model), sum.map((x) => x / (settings.layers + 1)));
});

Deno.test("LightGCN refuses settings out of range in one sentence", async () => {
  await assertRefuses("lightgcn", settings, [
    [{ dim: 6 }, "dim is 6, but must be a multiple of 4 from 4 to 256."],
    [{ layers: -1 }, "layers is -1, but must be a whole number from 0."],
    [{ regWeight: NaN }, "reg-weight is NaN, but must be 0 or more."],
  ]);
});
