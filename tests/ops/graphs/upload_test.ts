/** What is uploaded whole: rows that kernels can walk, and nothing left behind by a failure. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type GpuDevice, GpuError, openDevice } from "../../../src/gpu/device.ts";
import { LOOP_ROUNDS } from "../../../src/gpu/kernel.ts";
import { InputError } from "../../../src/input_error.ts";
import { lightgcn } from "../../../src/models/lightgcn.ts";
import { buildStair } from "../../../src/models/stair.ts";
import { uploadSparse } from "../../../src/ops/graphs/packed_matrix.ts";
import { requireRowLengths } from "../../../src/ops/graphs/sparse_tensor.ts";
import { createStepwiseConvolution } from "../../../src/ops/graphs/stepwise_convolution.ts";
import { createLists } from "../../../src/ops/ranking/top_k.ts";
import { uploadSeen } from "../../../src/ops/ranking/tiles.ts";
import { patternOf } from "../../../src/sparse/csr.ts";
import { bothGathers, type Gather } from "../../gpu/gather/both_gathers.ts";
import { trainOnly } from "../../../scripts/bench/generated_graph.ts";

const train = patternOf(2, 5, [[0, 1], [1, 0], [1, 1]]);

Deno.test("rows longer than the software driver's loops are refused there", async (test) => {
  const rowStart = Uint32Array.of(0, 3, 3 + LOOP_ROUNDS, 4 + LOOP_ROUNDS);
  const shorter = rowStart.map((at) => Math.min(at, LOOP_ROUNDS));
  await test.step("llvmpipe", () => {
    const adapter = { adapterName: "llvmpipe (LLVM 15.0.6, 256 bits)" };
    const message = `A row of "seen" has 65535 entries`;
    assertThrows(() => requireRowLengths(adapter, "seen", rowStart), GpuError, message);
    requireRowLengths(adapter, "seen", shorter);
  });
  await test.step("a GPU", () => requireRowLengths({ adapterName: "GPU" }, "seen", rowStart));
  await test.step("what a query must not be shown", async () => {
    using gpu = await openDevice();
    const seen = {
      rowCount: 1,
      columnCount: LOOP_ROUNDS,
      rowStart: Uint32Array.of(0, LOOP_ROUNDS),
      column: Uint32Array.from({ length: LOOP_ROUNDS }, (_, i) => i),
    };
    const upload = () => uploadSeen(gpu, seen)[Symbol.dispose]();
    if (gpu.adapterName.includes("llvmpipe")) assertThrows(upload, GpuError, `A row of "seen"`);
    else upload();
    assertEquals(gpu.bytes, 0);
  });
});

Deno.test("lists are from 1 to 128 long, in whole numbers", async () => {
  using gpu = await openDevice();
  for (const k of [0, 1.5, 129, NaN]) {
    const message = `k is ${k}, but must be a whole number from 1 to 128.`;
    assertThrows(() => createLists(gpu, 3, k), InputError, message);
  }
  createLists(gpu, 3, 128)[Symbol.dispose]();
  assertEquals(gpu.bytes, 0);
});

Deno.test("what fails half-way gives back what it took", async (test) => {
  using opened = await openDevice();
  const [buffers, images] = bothGathers(opened);
  const matrix = { ...train, value: new Float32Array(3) };
  const stair = {
    users: new Float32Array(2 * 8),
    items: new Float32Array(5 * 8),
    neighbours: [{ ids: Uint32Array.of(1, 2, 3, 4, 0), k: 1 }],
  };
  const settings = { dim: 8, layers: 2, gamma: 0.1, neighbors: { text: 1 }, seed: 1 };
  type Create = (gpu: GpuDevice) => Disposable | Promise<Disposable>;
  const convolution: Create = (gpu) =>
    createStepwiseConvolution(gpu, "graph", matrix, new Float64Array(4).fill(1), 1);
  const lightGcn: Create = (gpu) =>
    lightgcn.create(gpu, trainOnly("made", train), { dim: 8, layers: 2 });
  const buildIt: Create = (gpu) => buildStair(gpu, train, settings, stair);
  const cases: [name: string, failing: string, create: Create, where?: Gather][] = [
    ["sparse matrix", "graph segments of long rows", (gpu) => uploadSparse(gpu, "graph", matrix)],
    ["seen items", "seen column", (gpu) => uploadSeen(gpu, train)],
    ["lists", "best ids", (gpu) => createLists(gpu, 2, 3)],
    ["LightGCN", "layer weights", lightGcn],
    ["convolution", "graph segments", convolution],
    ["convolution", "graph pair_start", convolution, images],
    ["STAIR", "similarity entries", buildIt],
    ["STAIR", "similarity pair_start", buildIt, images],
  ];
  for (const [name, failing, create, where = buffers] of cases) {
    const { gpu, from } = where;
    const allocate = gpu.allocate.bind(gpu);
    await test.step(`${name} from ${from}`, async () => {
      gpu.allocate = (label, bytes, usage) => {
        if (label === failing) throw new GpuError(`no room for ${label}`);
        return allocate(label, bytes, usage);
      };
      await assertRejects(async () => await create(gpu), GpuError, `no room for ${failing}`);
      assertEquals(gpu.bytes, 0);
      gpu.allocate = allocate;
      (await create(gpu))[Symbol.dispose]();
      assertEquals(gpu.bytes, 0);
    });
  }
});
