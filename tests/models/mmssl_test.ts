/** Short runs of MMSSL, its graphs of modalities over the batches, and what it refuses. */
import { assert, assertEquals, assertLess, assertNotEquals, assertThrows } from "@std/assert";
import { type GpuDevice, openDevice } from "../../src/gpu/device.ts";
import { represent } from "../golden/replay.ts";
import { Scratch } from "../../src/gpu/scratch.ts";
import { readIntegers } from "../../src/gpu/tensor.ts";
import { InputError } from "../../src/input_error.ts";
import { mmssl } from "../../src/models/mmssl/mmssl.ts";
import type { MmsslSettings } from "../../src/models/mmssl/settings.ts";
import { pairBest } from "../../src/models/mmssl/modal_graph.ts";
import { type BuiltModel, builtModel } from "../../src/models/model.ts";
import { createBatch } from "../../src/tape/batch.ts";
import { Tape } from "../../src/tape/tape.ts";
import { createRandom, uniformBelow } from "../../src/random.ts";
import { toDense } from "../../src/sparse/graphs.ts";
import { Trainer } from "../../src/training/trainer.ts";
import { madeDataset } from "../training/made_dataset.ts";
import { assertRefuses, assertResumes, assertTrains } from "./model_runs.ts";

const dataset = madeDataset();
const settings = { dim: 8, topkRate: 0.1, seed: 3 };
const training = { learningRate: 0.01, weightDecay: 0.01, batchSize: 64, seed: 4 };

Deno.test("MMSSL learns, always the same", async () => {
  await assertTrains("mmssl", { dim: 8, topkRate: 0.1 }, 3);
});

/** Pairs in the graph of each modality, after so many epochs in batches of so many triples. */
async function graphSizes(
  gpu: GpuDevice,
  changed: Partial<MmsslSettings>,
  { epochs = 1, batchSize = 64 } = {},
): Promise<number[]> {
  using model = builtModel(await mmssl.create(gpu, dataset, { ...settings, ...changed }));
  using trainer = new Trainer(model, dataset.train, { ...training, batchSize });
  for (let epoch = 0; epoch < epochs; epoch++) await trainer.runEpoch();
  return await pairCounts(gpu, model);
}

async function pairCounts(gpu: GpuDevice, { buffers }: BuiltModel): Promise<number[]> {
  const rowStarts = ["text", "image"].map((name) => buffers![`${name}.graph.rowStart`]!);
  const read = await readIntegers(gpu, ...rowStarts);
  return read.map((rowStart) => rowStart.at(-1)! / 2);
}

Deno.test("graphs of modalities are the interactions', then collected, then empty", async (test) => {
  using gpu = await openDevice();
  const pairs = dataset.train.column.length;
  await test.step("before the second batch has ended", async () => {
    assertEquals(await graphSizes(gpu, {}, { epochs: 0 }), [pairs, pairs]);
    assertEquals(await graphSizes(gpu, {}, { batchSize: pairs, epochs: 2 }), [pairs, pairs]);
  });
  await test.step("before the third has ended", async () => {
    const half = Math.ceil(pairs / 2);
    const sizes = await graphSizes(gpu, {}, { batchSize: half });
    // Four of forty items for each triple, some of them the same pair.
    assert(sizes.every((size) => size > 0 && size <= 4 * half && size !== pairs), `${sizes}`);
    assertEquals(await graphSizes(gpu, { topkRate: 0 }, { batchSize: half }), [0, 0]);
  });
  await test.step("from the fourth on", async () => {
    assertEquals(await graphSizes(gpu, {}), [0, 0]);
    assertEquals(await graphSizes(gpu, { topkRate: 0 }), [0, 0]);
  });
  await test.step("where they are kept", async () => {
    const sizes = await graphSizes(gpu, { keepModalGraphs: true });
    assert(sizes.every((size) => size > 0 && size <= 4 * 64), `${sizes}`);
    const changed = { keepModalGraphs: true, topkRate: 0 };
    assertEquals(await graphSizes(gpu, changed), [pairs, pairs]);
  });
  assertEquals(gpu.bytes, 0);
});

Deno.test("the reported loss leaves the discriminator's out", async () => {
  using gpu = await openDevice();
  using model = builtModel(await mmssl.create(gpu, dataset, settings));
  using trainer = new Trainer(model, dataset.train, training);
  const apart = Object.keys(model.lossTerms).filter((name) => model.lossTerms[name]!.apart);
  assertEquals(apart, ["realScore", "fakeScore", "gradientPenalty"]);
  // Scores go up to 100 and the penalty beyond; BPR starts near log 2.
  assertLess(Math.abs((await trainer.runEpoch()).loss), 2);
});

Deno.test("a saved state brings the graphs back with the parameters", async () => {
  using gpu = await openDevice();
  const changed = { ...settings, keepModalGraphs: true };
  using first = builtModel(await mmssl.create(gpu, dataset, changed));
  using trainer = new Trainer(first, dataset.train, training);
  await trainer.runEpoch();
  const state = await trainer.state();
  using second = builtModel(await mmssl.create(gpu, dataset, { ...changed, seed: 9 }));
  using other = new Trainer(second, dataset.train, training);
  assertNotEquals(await represent(gpu, second), await represent(gpu, first));
  other.restoreBest(state);
  other.returnToBest();
  assertEquals(await represent(gpu, second), await represent(gpu, first));
  assertEquals(await pairCounts(gpu, second), await pairCounts(gpu, first));
});

Deno.test("MMSSL resumed goes on as if it had not stopped", async () => {
  await assertResumes("mmssl", { dim: 8, topkRate: 0.1, keepModalGraphs: true });
});

Deno.test("the best items of all rows are dealt out over the users", () => {
  const scores = Float32Array.of(
    ...[0.1, 0.9, 0.5, 0],
    ...[0.2, 0.2, 0.1, 0.3],
    ...[0, 1, 0, 0.5],
  );
  const sizes = { userCount: 4, itemCount: 4 };
  const pairs = (users: number[], k: number) =>
    toDense(pairBest(users, scores.subarray(0, 4 * users.length), k, sizes));
  const dense = (...entries: [user: number, item: number, count: number][]) => {
    const expected = new Float32Array(16);
    for (const [user, item, count] of entries) expected[4 * user + item] = count;
    return expected;
  };
  assertEquals(pairs([3, 0, 2], 1), dense([3, 1, 1], [0, 3, 1], [2, 1, 1]));
  // Items 1 2 | 3 0 | 1 3, users 3 0 2 3 0 2.
  assertEquals(
    pairs([3, 0, 2], 2),
    dense([3, 1, 1], [0, 2, 1], [2, 3, 1], [3, 0, 1], [0, 1, 1], [2, 3, 2]),
  );
  assertEquals(pairs([1, 1], 1), dense([1, 1, 1], [1, 3, 1]));
});

Deno.test("of items with equal scores the ones with lower ids are best", () => {
  const random = createRandom(6);
  for (const [itemCount, k] of [[1, 1], [9, 9], [50, 1], [50, 7], [50, 0]] as const) {
    const row = Float32Array.from({ length: itemCount }, () => uniformBelow(random, 8) / 8);
    const sorted = [...row.keys()].sort((a, b) => row[b]! - row[a]! || a - b).slice(0, k);
    // With k rows alike, the item at each place goes k times with the user of that place.
    const users = [...sorted.keys()];
    const scores = Float32Array.from(users.flatMap(() => [...row]));
    const expected = new Float32Array(Math.max(1, k) * itemCount);
    sorted.forEach((item, place) => expected[place * itemCount + item] = k);
    const sizes = { userCount: Math.max(1, k), itemCount };
    assertEquals(toDense(pairBest(users, scores, k, sizes)), expected);
  }
});

Deno.test("one modality is enough", async () => {
  using gpu = await openDevice();
  const [text] = dataset.modalities;
  using model = builtModel(await mmssl.create(gpu, { ...dataset, modalities: [text!] }, settings));
  using trainer = new Trainer(model, dataset.train, training);
  assert(Number.isFinite((await trainer.runEpoch()).loss));
});

Deno.test("batches of more users than modal graphs have room for are refused", async () => {
  using gpu = await openDevice();
  using model = builtModel(await mmssl.create(gpu, dataset, settings));
  const { userCount, itemCount, phases } = model;
  const shape = { rows: userCount + itemCount, triples: 5000, batchSize: 4097 };
  using batches = createBatch(gpu, shape, 1);
  using scratch = new Scratch(gpu);
  const tape = new Tape(gpu, "too large", scratch);
  using _program = tape.program;
  const record = () => phases[0]!.record(tape, {}, batches);
  const message = "--batch-size must be lower, or --topk-rate below 1/40, by which none is";
  assertThrows(record, InputError, message);
});

Deno.test("what cannot be trained is refused", async () => {
  const neighbours = {
    itemCount: dataset.itemCount,
    limit: 1,
    cosines: () => new Float32Array(),
    source: "n.csv",
    nearest: () => new Uint32Array(),
  };
  const modalities = [{ name: "text", neighbours }];
  await assertRefuses("mmssl", settings, [
    [{ dim: 6 }, "dim is 6, but must be a multiple of 4 from 4 to 256."],
    [{ tau: 0 }, "tau is 0, but must be 0.01 or more."],
    [{ dropRate: 1 }, "drop-rate is 1, but must be from 0 to below 1."],
    [{ topkRate: -1 }, "topk-rate is -1, but must be from 0 to below 1."],
    [{ clRate: -1 }, "cl-rate is -1, but must be 0 or more."],
    [{ keepModalGraphs: 1 }, "keep-modal-graphs is 1, but must be true or false."],
    [{}, "made has no modalities.", { modalities: [] }],
    [{}, 'made has neighbours alone of "text".', { modalities }],
    [{}, "MMSSL needs 8 items or more, and made has 7.", { itemCount: 7 }],
  ]);
});
