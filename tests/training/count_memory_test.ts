import { assertEquals } from "@std/assert";
import { openDevice } from "../../src/gpu/device.ts";
import { settingsFor } from "../../src/models/define_model.ts";
import { modelNamed } from "../../src/models/registry.ts";
import { countMemory } from "../../src/training/count_memory.ts";
import { train } from "../../src/training/train.ts";
import { madeDataset } from "./made_dataset.ts";

const dataset = madeDataset();

for (const name of ["stair", "lightgcn"]) {
  Deno.test(`the memory of ${name} is counted as a run takes it`, async () => {
    const kind = modelNamed(name);
    const { settings, training: preset } = settingsFor(kind, "baby", { dim: 8 });
    const training = { ...preset, batchSize: 64, seed: 1 };
    const counted = await countMemory(kind, dataset, settings, training);
    assertEquals(await countMemory(kind, dataset, settings, training), counted);
    {
      // What is computed from features is not counted: it is in memory after this.
      using gpu = await openDevice();
      using _model = await kind.create(gpu, dataset, settings);
    }
    using gpu = await openDevice();
    using model = await kind.create(gpu, dataset, settings);
    await train(model, dataset, { ...training, epochs: 1, evalEvery: 1 });
    assertEquals(gpu.peakBytes, counted);
  });
}

Deno.test("a dry device takes no memory and computes nothing", async () => {
  using gpu = await openDevice({ dry: true });
  const buffer = gpu.allocate("large", 2 ** 26, GPUBufferUsage.STORAGE);
  assertEquals([gpu.bytes, buffer.size], [2 ** 26, 16]);
  gpu.release(buffer);
  assertEquals([gpu.bytes, gpu.peakBytes], [0, 2 ** 26]);
});
