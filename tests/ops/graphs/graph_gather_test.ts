/** Rows too long for one workgroup, and dispatches too large for one, against plain loops in f64. */
import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { GpuDevice, openDevice } from "../../../src/gpu/device.ts";
import type { Dispatch } from "../../../src/gpu/program.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { LARGEST_DISPATCH } from "../../../src/gpu/stretches.ts";
import { createTensor, readFloats } from "../../../src/gpu/tensor.ts";
import { rowsOfBatch } from "../../../src/ops/graphs/gather.ts";
import { forwardRatios } from "../../../src/ops/graphs/layer_weights.ts";
import { recordSparseProduct } from "../../../src/ops/graphs/sparse_product.ts";
import {
  convolve,
  createStepwiseConvolution,
  replaceGraph,
} from "../../../src/ops/graphs/stepwise_convolution.ts";
import { polynomialConvolution } from "../../../src/ops/graphs/polynomial_convolution.ts";
import { type PackedMatrix, uploadSparse } from "../../../src/ops/graphs/packed_matrix.ts";
import { longestRow } from "../../../src/ops/graphs/sparse_tensor.ts";
import { patternOf } from "../../../src/sparse/csr.ts";
import { interactionGraph } from "../../../src/sparse/graphs.ts";
import { segmentLength, SEGMENTS_PER_BLOCK } from "../../../src/sparse/row_segments.ts";
import { Tape } from "../../../src/tape/tape.ts";
import { inBothWays } from "../../gpu/gather/both_gathers.ts";
import { madeEpoch, uploadMade } from "../made_epoch.ts";
import { assertClose, explicitSum, floats, lightGcn, random } from "./explicit_convolution.ts";

/** Everyone bought the first item, every fifth the second, and each one other. */
const popular = (users: number) =>
  interactionGraph(patternOf(
    users,
    40,
    Array.from({ length: users }, (_, user) => {
      const items = new Set([0, user % 5 === 0 ? 1 : 0, 2 + user % 38]);
      return [...items].map((item) => [user, item] as const);
    }).flat(),
  ));

/** Longer than the 1,024 entries of a block: in three pieces, the last of 52 entries. */
const USERS = 2100;

Deno.test("a row of several pieces is walked whole, and the graph of another's place too", async (test) => {
  using opened = await openDevice();
  const cases = [{ dim: 4, layers: 1 }, { dim: 64, layers: 3 }, { dim: 300, layers: 2 }];
  for (const { dim, layers, gpu, from } of inBothWays(opened, cases)) {
    await test.step(`dim ${dim}, ${layers} layers, from ${from}`, async () => {
      const graph = popular(USERS), rows = graph.rowCount, ratios = forwardRatios(dim, 0.2);
      const longest = longestRow(graph.rowStart);
      assertGreater(longest, 2 * SEGMENTS_PER_BLOCK * segmentLength(graph.column.length));
      const values = floats(rows * dim);
      const even = patternOf(USERS, 40, Array.from({ length: USERS }, (_, u) => [u, u % 40]));
      using scratch = new Scratch(gpu);
      for (const [first, then] of [[graph], [graph, interactionGraph(even)]]) {
        using convolution = createStepwiseConvolution(
          gpu,
          "graph",
          first!,
          ratios,
          layers,
          then && longest,
        );
        using input = createTensor(gpu, "embeddings", [rows, dim], values);
        const tape = new Tape(gpu, "forward", scratch);
        const output = convolve(tape, convolution, input);
        using program = tape.program;
        for (const one of then ? [then, first!] : [first!]) {
          if (then) replaceGraph(convolution, one);
          program.run();
          const [h] = await readFloats(gpu, output);
          assertClose(h!, explicitSum(one, Float64Array.from(values), ratios, layers));
        }
      }
    });
  }
});

Deno.test("of a batch's rows such a row has the bits that it has among all", async (test) => {
  using opened = await openDevice();
  const dim = 12, layers = 2, graph = popular(USERS), rows = graph.rowCount;
  for (const { triples, gpu, from } of inBothWays(opened, [{ triples: 6 }])) {
    await test.step(`from ${from}`, async () => {
      const sizes = { users: USERS, items: 40, triples, batchSize: triples };
      const made = madeEpoch(random, sizes);
      const positive = new Uint32Array(triples).fill(USERS); // the first item, whose row is the longest
      const epoch = { ...made, triples: { ...made.triples, positive } };
      using scratch = new Scratch(gpu);
      using batches = uploadMade(gpu, epoch, 0);
      using convolution = createStepwiseConvolution(
        gpu,
        "graph",
        graph,
        forwardRatios(dim, 0.2),
        layers,
      );
      using input = createTensor(gpu, "embeddings", [rows, dim], floats(rows * dim));
      const tape = new Tape(gpu, "forward", scratch);
      const all = convolve(tape, convolution, input);
      const near = convolve(tape, convolution, input, rowsOfBatch(batches));
      using program = tape.program;
      program.run();
      const [whole, some] = await readFloats(gpu, all, near);
      const rowOf = (h: Float32Array, row: number) => h.slice(row * dim, (row + 1) * dim);
      for (const row of Object.values(epoch.triples).flatMap((ids) => [...ids])) {
        assertEquals(rowOf(some!, row), rowOf(whole!, row));
      }
    });
  }
});

Deno.test("polynomials of such a graph take its own rows beside the sums", async () => {
  using opened = await openDevice();
  const gpu = new GpuDevice(opened.device, opened.adapterName);
  const graph = popular(USERS), rows = graph.rowCount, dim = 8;
  const values = floats(rows * dim);
  using scratch = new Scratch(gpu);
  using adjacency = uploadSparse(gpu, "graph", graph);
  using value = createTensor(gpu, "embeddings", [rows, dim], values);
  const tape = new Tape(gpu, "forward", scratch);
  // P_1 = A, P_2 = A²: with P_0, as LightGCN of two layers.
  const step = { product: 1, own: 0, earlier: 0 };
  const { value: output } = polynomialConvolution(tape, adjacency, [step, step], { value });
  using program = tape.program;
  program.run();
  const [h] = await readFloats(gpu, output);
  assertClose(h!, explicitSum(graph, Float64Array.from(values), lightGcn(dim), 2));
});

Deno.test("a product with many entries is cut, and every segment is walked once", async () => {
  using opened = await openDevice({ dry: true });
  const gpu = new GpuDevice(opened.device, "hardware", { dry: true });
  const users = 60_000, perUser = 30, dim = 1024;
  const pairs = Array.from({ length: users * perUser }, (_, i) => {
    const user = Math.floor(i / perUser);
    return [user, (user + 7 * (i % perUser)) % 4000] as const;
  });
  const pattern = patternOf(users, 4000, pairs);
  const matrix = { ...pattern, value: new Float32Array(pattern.column.length) };
  using scratch = new Scratch(gpu);
  using packed: PackedMatrix = uploadSparse(gpu, "graph", matrix);
  using input = createTensor(gpu, "x", [4000, dim]);
  using output = createTensor(gpu, "y", [users, dim]);
  const tape = new Tape(gpu, "product", scratch);
  recordSparseProduct(tape, packed, input, output);
  using program = tape.program;
  const dispatches = program.commands.filter((one): one is Dispatch => "kernel" in one);
  assertGreater(dispatches.length, 1);
  let walked = 0;
  for (const { params: { first_segment, end_segment } } of dispatches) {
    assertEquals(first_segment, walked);
    assertLessOrEqual(2 * dim * perUser * (end_segment! - first_segment!), LARGEST_DISPATCH);
    walked = end_segment!;
  }
  assertEquals(walked, packed.segments!.rows.shape[0]);
});
