/** Epochs of many batches, in which the last pass over all rows ends with the optimizer's step of a batch. */
import { assertEquals } from "@std/assert";
import { openDevice } from "../../src/gpu/device.ts";
import { builtModel } from "../../src/models/model.ts";
import { stair } from "../../src/models/stair.ts";
import { Trainer } from "../../src/training/trainer.ts";
import { bothGathers } from "../gpu/gather/both_gathers.ts";
import { madeDataset } from "./made_dataset.ts";

Deno.test("training from images gives what training from buffers gives, batch by batch", async () => {
  using opened = await openDevice();
  const dataset = madeDataset();
  const settings = { learningRate: 0.01, weightDecay: 0.1, batchSize: 50, seed: 3 };
  const trained: Float32Array[] = [];
  for (const { gpu } of bothGathers(opened)) {
    using model = builtModel(
      await stair.create(gpu, dataset, { dim: 8, neighbors: { text: 3, image: 1 } }),
    );
    using trainer = new Trainer(model, dataset.train, settings);
    for (let epoch = 0; epoch < 2; epoch++) await trainer.runEpoch();
    trained.push((await trainer.state()).tensors.embeddings!.data);
  }
  const [fromBuffers, fromImages] = trained;
  const apart = fromBuffers!.map((value, at) => Math.abs(value - fromImages![at]!));
  // A step's length is the learning rate; rounding is far below.
  assertEquals(apart.filter((distance) => distance > 1e-4).length, 0);
});
