/** The convolution and its adjoint against the sum they stand for, in f64. */
import { assertAlmostEquals, assertEquals, assertStrictEquals } from "@std/assert";
import { GpuDevice, openDevice } from "../../../src/gpu/device.ts";
import { LOOP_ROUNDS } from "../../../src/gpu/kernel.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../../src/gpu/tensor.ts";
import { bprLoss } from "../../../src/ops/losses/bpr_loss.ts";
import { createBatch, stepCount, uploadBatches } from "../../../src/tape/batch.ts";
import { addedTo, storedIn } from "../../../src/tape/ending.ts";
import { endGradient } from "../../../src/tape/gradient.ts";
import { backwardRatios, forwardRatios } from "../../../src/ops/graphs/layer_weights.ts";
import {
  convolve,
  convolveToEnding,
  createStepwiseConvolution,
  stepwiseConvolution,
} from "../../../src/ops/graphs/stepwise_convolution.ts";
import { uploadClock } from "../../../src/tape/clock.ts";
import { resetKept, Tape, type Variable } from "../../../src/tape/tape.ts";
import { uniformBelow } from "../../../src/random.ts";
import { patternOf, type SparseMatrix } from "../../../src/sparse/csr.ts";
import { interactionGraph } from "../../../src/sparse/graphs.ts";
import { gatherBatches } from "../../../src/training/sampler.ts";
import { bothGathers, inBothWays } from "../../gpu/gather/both_gathers.ts";
import {
  assertClose,
  explicitSum,
  floats,
  lightGcn,
  random,
  randomGraph,
} from "./explicit_convolution.ts";

/** The forward pass, and the adjoint of a given dLoss/dH. */
async function bothWays(
  gpu: GpuDevice,
  graph: SparseMatrix,
  ratios: Float64Array,
  layers: number,
  embeddings: Float32Array<ArrayBuffer>,
  gradient: Float32Array<ArrayBuffer>,
): Promise<readonly [Float32Array, Float32Array]> {
  const shape = [graph.rowCount, ratios.length];
  using scratch = new Scratch(gpu);
  using convolution = createStepwiseConvolution(gpu, "graph", graph, ratios, layers);
  using input = createTensor(gpu, "embeddings", shape, embeddings);
  using output = createTensor(gpu, "dLoss/dH", shape, gradient);
  const forward = new Tape(gpu, "forward", scratch);
  const variable: Variable = { value: input };
  const h = stepwiseConvolution(forward, convolution, variable);
  using there = forward.program;
  there.run();
  const [value] = await readFloats(gpu, h.value);
  const tape = new Tape(gpu, "there and back", scratch);
  const through = stepwiseConvolution(tape, convolution, variable);
  through.gradient = output;
  tape.backward();
  using back = tape.program;
  back.run();
  const [adjoint] = await readFloats(gpu, variable.gradient!);
  return [value!, adjoint!];
}

Deno.test("the convolution is the explicit sum over layers, and so is its adjoint", async (test) => {
  using opened = await openDevice();
  const cases = [
    { title: "no layers", users: 3, items: 4, layers: 0, ratios: forwardRatios(4, 0.1) },
    { title: "one layer", users: 20, items: 30, layers: 1, ratios: forwardRatios(12, 0.4) },
    { title: "paper", users: 60, items: 40, layers: 3, ratios: forwardRatios(64, 0.1) },
    { title: "BSC ratios", users: 60, items: 40, layers: 3, ratios: backwardRatios(64, 0.1) },
    { title: "widest", users: 7, items: 5, layers: 3, ratios: forwardRatios(256, 0.2) },
    { title: "long", users: 700, items: 60, layers: 2, ratios: forwardRatios(100, 0.2) },
    { title: "LightGCN", users: 20, items: 10, layers: 3, ratios: lightGcn(4) },
    { title: "no edges", users: 1, items: 3, layers: 3, ratios: forwardRatios(4, 1) },
  ];
  for (const { title, users, items, layers, ratios, gpu, from } of inBothWays(opened, cases)) {
    await test.step(`${title}, dim ${ratios.length}, from ${from}`, async () => {
      const graph = randomGraph(users, items);
      const elements = (users + items) * ratios.length;
      const embeddings = floats(elements), gradient = floats(elements);
      const [h, adjoint] = await bothWays(gpu, graph, ratios, layers, embeddings, gradient);
      assertClose(h, explicitSum(graph, Float64Array.from(embeddings), ratios, layers));
      assertClose(adjoint, explicitSum(graph, Float64Array.from(gradient), ratios, layers));
    });
  }
});

Deno.test("without layers nothing is dispatched: H is E itself", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const ratios = forwardRatios(8, 0.1);
  using convolution = createStepwiseConvolution(gpu, "graph", randomGraph(3, 4), ratios, 0);
  using input = createTensor(gpu, "embeddings", [7, 8]);
  const tape = new Tape(gpu, "forward", scratch);
  assertStrictEquals(stepwiseConvolution(tape, convolution, { value: input }).value, input);
  assertEquals(tape.program.kernels, []);
});

Deno.test("convolve alone is the sum without an adjoint, as in BSC", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const dim = 12;
  const similarity = randomGraph(8, 6);
  const ratios = backwardRatios(dim, 0.3);
  const direction = floats(similarity.rowCount * dim);
  using convolution = createStepwiseConvolution(gpu, "graph", similarity, ratios, 3);
  using input = createTensor(gpu, "direction", [similarity.rowCount, dim], direction);
  const tape = new Tape(gpu, "smoothing", scratch);
  const output = convolve(tape, convolution, input);
  const dispatches = tape.program.kernels.length;
  tape.backward();
  assertEquals(tape.program.kernels.length, dispatches);
  using program = tape.program;
  program.run();
  const [smoothed] = await readFloats(gpu, output);
  assertClose(smoothed!, explicitSum(similarity, Float64Array.from(direction), ratios, 3));
});

Deno.test("an ending meets the sum, with layers and without", async (test) => {
  using opened = await openDevice();
  const dim = 12, ratios = backwardRatios(dim, 0.3);
  for (const { layers, gpu, from } of inBothWays(opened, [0, 1, 3].map((layers) => ({ layers })))) {
    await test.step(`${layers} layers, from ${from}`, async () => {
      using scratch = new Scratch(gpu);
      const graph = randomGraph(8, 6);
      const shape = [graph.rowCount, dim];
      const values = floats(graph.rowCount * dim), before = values.map((x) => 1 - x);
      using convolution = createStepwiseConvolution(gpu, "graph", graph, ratios, layers);
      using input = createTensor(gpu, "x", shape, values);
      using total = createTensor(gpu, "total", shape, before);
      const tape = new Tape(gpu, "ended", scratch);
      convolveToEnding(tape, convolution, input, addedTo(total));
      using program = tape.program;
      program.run();
      const sum = explicitSum(graph, Float64Array.from(values), ratios, layers);
      assertClose((await readFloats(gpu, total))[0]!, sum.map((x, i) => x + before[i]!));
    });
  }
});

Deno.test("dLoss/dE through convolution and loss equals finite differences", async (test) => {
  using opened = await openDevice();
  const sizes = [{ layers: 0, dim: 4 }, { layers: 1, dim: 12 }, { layers: 3, dim: 8 }];
  for (const { layers, dim, gpu, from } of inBothWays(opened, sizes)) {
    await test.step(`${layers} layers, dim ${dim}, from ${from}`, async () => {
      const graph = randomGraph(6, 7);
      const ratios = forwardRatios(dim, 0.3);
      const embeddings = floats(graph.rowCount * dim);
      const ids = (from: number, count: number) =>
        Uint32Array.from({ length: 9 }, () => from + uniformBelow(random, count));
      const triples = { user: ids(0, 6), positive: ids(6, 7), negative: ids(6, 7) };
      const loss = (e: Float64Array): number =>
        meanLoss(explicitSum(graph, e, ratios, layers), triples, dim);
      const [gradient] = await lossGradients(
        gpu,
        { graph, ratios, layers },
        embeddings,
        triples,
        9,
        { near: true },
      );
      assertClose(gradient!, finiteDifferences(loss, Float64Array.from(embeddings)));
    });
  }
});

/** Triples of rows of H. */
type Rows = Readonly<Record<"user" | "positive" | "negative", Uint32Array<ArrayBuffer>>>;

/** mean_t softplus(⟨h_u, h_n⟩ − ⟨h_u, h_p⟩) */
function meanLoss(h: Float64Array, { user, positive, negative }: Rows, dim: number): number {
  let sum = 0;
  user.forEach((u, t) => {
    let x = 0;
    for (let j = 0; j < dim; j++) {
      x += h[u * dim + j]! * (h[negative[t]! * dim + j]! - h[positive[t]! * dim + j]!);
    }
    sum += Math.log1p(Math.exp(x));
  });
  return sum / user.length;
}

function finiteDifferences(f: (x: Float64Array) => number, at: Float64Array): Float64Array {
  const step = 1e-5;
  const moved = (i: number, by: number): number => f(at.with(i, at[i]! + by));
  return at.map((_, i) => (moved(i, step) - moved(i, -step)) / (2 * step));
}

/**
 * A step's dLoss/dE, batch by batch; `near` leaves out the rows of H that do not matter to the batch, and
 * with `readOnce` the last pass stores it where it is read.
 */
async function lossGradients(
  gpu: GpuDevice,
  convolved: { graph: SparseMatrix; ratios: Float64Array; layers: number },
  embeddings: Float32Array<ArrayBuffer>,
  triples: Rows,
  batchSize: number,
  { near, readOnce = false }: { near: boolean; readOnce?: boolean },
): Promise<Float32Array[]> {
  const { graph, ratios, layers } = convolved;
  const shape = { rows: graph.rowCount, triples: triples.user.length, batchSize };
  const size = [graph.rowCount, ratios.length];
  using scratch = new Scratch(gpu);
  using convolution = createStepwiseConvolution(gpu, "graph", graph, ratios, layers);
  using batches = createBatch(gpu, shape, 1);
  using input = createTensor(gpu, "embeddings", size, embeddings);
  const tape = new Tape(gpu, "gradient", scratch);
  const variable: Variable = { value: input, readOnce };
  const h = stepwiseConvolution(tape, convolution, variable, near ? batches : undefined);
  bprLoss(tape, h, batches, { index: 0, count: 1, weight: 1 });
  tape.backward();
  const gradient = tape.take("dLoss/dE", size);
  endGradient(tape, variable, storedIn(gradient));
  assertEquals(tape.program.kernels.includes("each_vector: store"), !readOnce || layers === 0);
  using step = tape.program;
  const epoch = gatherBatches(triples, shape);
  uploadBatches(gpu, batches, epoch);
  uploadClock(gpu, batches.clock, epoch, 0, { learningRate: 1, weightDecay: 0 });
  const gradients: Float32Array[] = [];
  for (const _epoch of [1, 2]) {
    resetKept(gpu, tape.kept);
    for (let batch = 0; batch < stepCount(shape); batch++) {
      step.run(batch);
      gradients.push((await readFloats(gpu, gradient))[0]!);
    }
  }
  return gradients;
}

Deno.test("gathering from images changes no bit", async (test) => {
  using opened = await openDevice();
  const [buffers, images] = bothGathers(opened);
  const cases = [
    { users: 300, items: 200, layers: 1, dim: 64 },
    { users: 700, items: 300, layers: 3, dim: 64 }, // two lines of an image
    { users: 50, items: 40, layers: 2, dim: 12 },
  ];
  for (const { users, items, layers, dim } of cases) {
    await test.step(`${users + items} rows, ${layers} layers, dim ${dim}`, async () => {
      const graph = randomGraph(users, items);
      const embeddings = floats(graph.rowCount * dim);
      const convolved = { graph, ratios: forwardRatios(dim, 0.2), layers };
      const ids = (from: number, count: number) =>
        Uint32Array.from({ length: 50 }, () => from + uniformBelow(random, count));
      const [user, positive, negative] = [ids(0, users), ids(users, items), ids(users, items)];
      const triples = { user, positive, negative };
      const gradientsOn = ({ gpu }: { gpu: GpuDevice }) =>
        lossGradients(gpu, convolved, embeddings, triples, 20, { near: true });
      assertEquals(await gradientsOn(images), await gradientsOn(buffers));
    });
  }
});

Deno.test("what becomes of a gradient in the last pass finds the same bits", async (test) => {
  using opened = await openDevice();
  const cases = [{ layers: 1, dim: 64 }, { layers: 3, dim: 12 }];
  for (const { layers, dim, gpu, from } of inBothWays(opened, cases)) {
    await test.step(`${layers} layers, dim ${dim}, from ${from}`, async () => {
      const graph = randomGraph(50, 40);
      const embeddings = floats(graph.rowCount * dim);
      const convolved = { graph, ratios: forwardRatios(dim, 0.2), layers };
      const ids = (from: number, count: number) =>
        Uint32Array.from({ length: 30 }, () => from + uniformBelow(random, count));
      const triples = { user: ids(0, 50), positive: ids(50, 40), negative: ids(50, 40) };
      const gradients = (readOnce: boolean) =>
        lossGradients(gpu, convolved, embeddings, triples, 20, { near: true, readOnce });
      assertEquals(await gradients(true), await gradients(false));
    });
  }
});

Deno.test("rows that are too long for several per invocation are walked to their end", async (test) => {
  using opened = await openDevice();
  const gpu = new GpuDevice(opened.device, opened.adapterName, {
    gathersFromImages: true,
    strips: 2,
  });
  // With 4 columns an entry takes half a round of the sum, and three to be touched before.
  const fromImages = 2 * Math.floor((LOOP_ROUNDS - 4) / 7);
  for (const longest of [5000, fromImages, fromImages + 1, LOOP_ROUNDS - 3]) {
    await test.step(`${longest} entries`, async () => {
      // 16 users of the same items: their rows are as long, and the items' have 16 entries.
      const users = longest > 5000 ? 1 : 16;
      const pairs = Array.from({ length: users * longest }, (_, i) => {
        return [Math.floor(i / longest), i % longest] as const;
      });
      const graph = interactionGraph(patternOf(users, longest, pairs));
      const ratios = lightGcn(4);
      using scratch = new Scratch(gpu);
      using convolution = createStepwiseConvolution(gpu, "graph", graph, ratios, 1);
      const values = new Float32Array(graph.rowCount * 4).fill(1);
      using input = createTensor(gpu, "embeddings", [graph.rowCount, 4], values);
      const tape = new Tape(gpu, "forward", scratch);
      const output = convolve(tape, convolution, input);
      using program = tape.program;
      program.run();
      const [h] = await readFloats(gpu, output);
      const expected = explicitSum(graph, Float64Array.from(values), ratios, 1);
      h!.forEach((x, i) => assertAlmostEquals(x, expected[i]!, 1e-3 * expected[i]!, `entry ${i}`));
      const kernel = longest <= fromImages
        ? "gather_image: every_row, store"
        : "gather: whole_rows, every_row, row_bounds, packed_entries, own_sum, layer_mix, store";
      assertEquals(program.kernels, [kernel]);
    });
  }
});

Deno.test("leaving out rows far from a batch changes no bit", async (test) => {
  using opened = await openDevice();
  const cases = [0, 1, 2, 3, 5].map((layers) => ({ layers }));
  for (const { layers, gpu, from } of inBothWays(opened, cases)) {
    await test.step(`${layers} layers, from ${from}`, async () => {
      const [users, items, dim] = [90, 60, 12];
      const convolved = {
        graph: randomGraph(users, items),
        ratios: forwardRatios(dim, 0.2),
        layers,
      };
      const embeddings = floats((users + items) * dim);
      const ids = (from: number, count: number) =>
        Uint32Array.from({ length: 23 }, () => from + uniformBelow(random, count));
      const triples = {
        user: ids(0, users),
        positive: ids(users, items),
        negative: ids(users, items),
      };
      const [all, near] = [
        await lossGradients(gpu, convolved, embeddings, triples, 4, { near: false }),
        await lossGradients(gpu, convolved, embeddings, triples, 4, { near: true }),
      ];
      assertEquals(near.length, 12);
      assertEquals(near, all);
    });
  }
});
