import { assertEquals, assertStringIncludes } from "@std/assert";
import { openDevice } from "../../src/gpu/device.ts";
import { settingsFor } from "../../src/models/define_model.ts";
import { modelNamed } from "../../src/models/registry.ts";
import { countMemory } from "../../src/training/count_memory.ts";
import { drawEpochs, drawingBytes } from "../../src/training/sampler.ts";
import { train } from "../../src/training/train.ts";
import { madeDataset } from "./made_dataset.ts";

const dataset = madeDataset();

/** Bytes of a packed entry. */
const ENTRY_BYTES = 8;
/** Neighbours of all items, by STAIR's settings for Baby. */
const NEIGHBOUR_PAIRS = dataset.itemCount * (5 + 1);

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
    // Two items that are each other's neighbours share an entry of S̃: which are, no one knows before.
    const pairs = name === "stair" && !gpu.gathersFromImages ? ENTRY_BYTES * NEIGHBOUR_PAIRS : 0;
    const unknown = counted.gpuBytes - gpu.peakBytes;
    assertEquals(unknown >= 0 && unknown <= pairs, true, `${unknown} bytes, ${pairs} at most`);
  });
}

Deno.test("drawing takes what is counted, whatever an epoch's length", () => {
  const { train } = dataset;
  const rows = dataset.userCount + dataset.itemCount;
  for (
    const chunk of [{ rows, triples: 60, batchSize: 20 }, { rows, triples: 360, batchSize: 7 }]
  ) {
    const chunks = drawEpochs(train, 1, chunk, 1);
    const [first, second] = [chunks.next().value, chunks.next().value];
    const held = [...Object.values(first), ...Object.values(second)]
      .reduce((bytes, { buffer }: Uint32Array<ArrayBuffer>) => bytes + buffer.byteLength, 0);
    // A third chunk is on its way to the GPU; the others are an epoch's pairs and their users, and a number per row.
    const counted = drawingBytes(train, chunk) - 4 * (2 * train.column.length + rows);
    assertEquals(held <= counted && counted <= 2 * held, true, `${held} ${counted}`);
  }
});

Deno.test("what is larger than a buffer may be is counted, and told", async () => {
  using gpu = await openDevice({ dry: true });
  const tooMany = 16 * Math.ceil((gpu.device.limits.maxStorageBufferBindingSize + 1) / 16);
  assertEquals(gpu.refused, undefined);
  gpu.allocate("too large", tooMany, GPUBufferUsage.STORAGE);
  assertEquals(gpu.peakBytes, tooMany);
  assertStringIncludes(gpu.refused!, 'Cannot allocate "too large"');
});

Deno.test("a dry device takes no memory and computes nothing", async () => {
  using gpu = await openDevice({ dry: true });
  const buffer = gpu.allocate("large", 2 ** 26, GPUBufferUsage.STORAGE);
  assertEquals([gpu.bytes, buffer.size], [2 ** 26, 16]);
  gpu.release(buffer);
  assertEquals([gpu.bytes, gpu.peakBytes], [0, 2 ** 26]);
});
