import { assertEquals } from "@std/assert";
import { openGpu } from "../../src/gpu/device.ts";
import { presetFor } from "../../src/models/model.ts";
import { models } from "../../src/models/registry.ts";
import { countMemory } from "../../src/training/count_memory.ts";
import { train } from "../../src/training/train.ts";
import { madeDataset } from "./made_dataset.ts";

const dataset = madeDataset();

for (const name of ["stair", "lightgcn"]) {
  Deno.test(`the memory of ${name} is counted as a run takes it`, async () => {
    const kind = models[name]!;
    const preset = presetFor(kind, "baby");
    const settings = { ...preset.model, dim: 8, seed: 1 };
    const training = { ...preset.training, batchSize: 64, seed: 1 };
    const counted = await countMemory(kind, dataset, settings, training);
    assertEquals(await countMemory(kind, dataset, settings, training), counted);
    using gpu = await openGpu();
    using model = await kind.restore?.(gpu, dataset, settings, {}) ??
      await kind.create(gpu, dataset, settings, {});
    await train(gpu, model, dataset, { ...training, epochs: 1, evalEvery: 1 });
    // Features are not prepared here, nor counted there.
    assertEquals(gpu.peakBytes, counted);
  });
}

Deno.test("a dry device takes no memory and computes nothing", async () => {
  using gpu = await openGpu({ dry: true });
  const buffer = gpu.allocate("large", 2 ** 26, GPUBufferUsage.STORAGE);
  assertEquals([gpu.bytes, buffer.size], [2 ** 26, 16]);
  gpu.release(buffer);
  assertEquals([gpu.bytes, gpu.peakBytes], [0, 2 ** 26]);
});
