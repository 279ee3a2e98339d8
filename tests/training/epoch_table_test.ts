/** Epochs whose losses are read together. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { GpuError, openDevice } from "../../src/gpu/device.ts";
import { createTensor, write } from "../../src/gpu/tensor.ts";
import { builtModel } from "../../src/models/model.ts";
import { modelNamed } from "../../src/models/registry.ts";
import { createEpochTable } from "../../src/training/epoch_table.ts";
import { Trainer } from "../../src/training/trainer.ts";
import { madeDataset } from "./made_dataset.ts";

const dataset = madeDataset();
const training = { learningRate: 0.01, weightDecay: 0.1, batchSize: 50, seed: 3 };

Deno.test("epochs read together have the losses and the bits of single ones, in one wait", async () => {
  using gpu = await openDevice();
  const runs = [];
  for (const together of [1, 4]) {
    using model = builtModel(await modelNamed("stair").create(gpu, dataset, { dim: 8 }));
    using trainer = new Trainer(model, dataset.train, { ...training, chunkTriples: 100 });
    await trainer.runEpoch(); // times the first commands
    const waits = gpu.waits, losses: [epoch: number, loss: number][] = [];
    while (losses.length < 4) {
      for (const { epoch, loss } of await trainer.runEpochs(together)) losses.push([epoch, loss]);
    }
    assertEquals(trainer.epoch, 5);
    runs.push({ losses, state: await trainer.state() });
    if (together === 4) assertEquals(gpu.waits - waits - 1, 1);
  }
  assertEquals(runs[1], runs[0]);
  assertEquals(runs[0]!.losses.map(([epoch]) => epoch), [2, 3, 4, 5]);
});

Deno.test("training stops between epochs when it is asked to", async () => {
  using gpu = await openDevice();
  using model = builtModel(await modelNamed("lightgcn").create(gpu, dataset, { dim: 8 }));
  using trainer = new Trainer(model, dataset.train, training);
  let asked = 0;
  const results = await trainer.runEpochs(9, () => ++asked < 2);
  assertEquals(results.map(({ epoch }) => epoch), [1, 2]);
});

/** A table of three steps and one term, and what puts there what an epoch's steps left. */
async function openTable(room?: number) {
  const gpu = await openDevice();
  const table = createEpochTable(gpu, "made", room ? Math.floor(16_384 / room) : 3, 1);
  const steps = room ? Math.floor(16_384 / room) : 3;
  const terms = createTensor(gpu, "terms", [steps, 1]), done = createTensor(gpu, "done", [steps]);
  return {
    table,
    epoch: (stepsBefore: number, counts: readonly number[], losses: readonly number[]) => {
      table.begin(stepsBefore);
      write(gpu, terms, Float32Array.from(losses));
      write(gpu, done, Uint32Array.from(counts));
      table.collect({ terms, done }, 0, counts.length);
    },
    [Symbol.dispose]: () => [terms, done, table, gpu].forEach((each) => each[Symbol.dispose]()),
  };
}

Deno.test("each epoch's terms come back in order, once", async () => {
  using open = await openTable();
  const { table, epoch } = open;
  epoch(0, [0, 1, 2], [1, 2, 3]);
  epoch(3, [3, 4, 5], [4, 5, 6]);
  assertEquals(await table.read(), [Float32Array.of(1, 2, 3), Float32Array.of(4, 5, 6)]);
  epoch(6, [6, 7, 8], [7, 8, 9]);
  assertEquals(await table.read(), [Float32Array.of(7, 8, 9)]);
});

Deno.test("a step that is missing from any of the epochs is told", async () => {
  using open = await openTable();
  const { table, epoch } = open;
  epoch(0, [0, 1, 2], [1, 2, 3]);
  epoch(3, [3, 0, 5], [4, 5, 6]); // the note of the second step is an old one
  epoch(6, [6, 7, 8], [7, 8, 9]);
  await assertRejects(() => table.read(), GpuError, "The GPU left out step 2 of 3 without a word");
});

Deno.test("epochs that nobody reads are not written over", async () => {
  using open = await openTable(2);
  const { table } = open;
  assertEquals(table.room, 2);
  table.begin(0);
  table.begin(8192);
  assertThrows(() => table.begin(16_384), GpuError, "Nobody has read the losses of 2 epochs.");
});
