import { assertEquals, assertThrows } from "@std/assert";
import { GpuDevice, GpuError, openDevice } from "../../src/gpu/device.ts";
import { getKernel } from "../../src/gpu/kernel.ts";
import { PacedQueue, runOnce } from "../../src/gpu/paced_queue.ts";
import { type Dispatch, Program, RECORD_WORDS } from "../../src/gpu/program.ts";
import { createTensor, readFloats, readIntegers } from "../../src/gpu/tensor.ts";

const count = {
  name: "count",
  code: `@group(0) @binding(0) var<storage, read_write> counter: array<u32>;
@compute @workgroup_size(1) fn main() { counter[0] = 3 * counter[0] + 1; }`,
};

const axpy = {
  name: "axpy",
  code: `struct Params {
  gain: f32,
}
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
@compute @workgroup_size(1) fn main() { y[0] += params.gain * x[0]; }`,
};

for (const times of [0, 1, 7, 512, 1500]) {
  Deno.test(`a program replayed ${times} times has the effect of as many single runs`, async () => {
    using gpu = await openDevice();
    using once = createTensor(gpu, "once", [1]);
    using replayed = createTensor(gpu, "replayed", [1]);
    const programs = [once, replayed].map((counter) => {
      const program = new Program(gpu, counter.label);
      program.dispatch(getKernel(gpu, count), { counter }, {}, { workgroups: 1 });
      return program;
    });
    for (let time = 0; time < times; time++) programs[0]!.run();
    const queue = new PacedQueue(gpu, "replayed");
    for (let time = 0; time < times; time++) await queue.add([{ program: programs[1]! }]);
    queue.flush();
    const [expected, actual] = await readIntegers(gpu, once, replayed);
    assertEquals(actual, expected);
    let value = 0; // each dispatch sees what the one before it wrote
    for (let time = 0; time < times; time++) value = Math.imul(3, value) + 1 >>> 0;
    assertEquals(actual, Uint32Array.of(value));
  });
}

Deno.test("a queue waits where there is much to time, and not where there is little", async () => {
  using gpu = await openDevice();
  using counter = createTensor(gpu, "counter", [1]);
  using program = new Program(gpu, "counting");
  program.dispatch(getKernel(gpu, count), { counter }, {}, { workgroups: 1 });
  const queue = new PacedQueue(gpu, "counting");
  const replays = (times: number) => new Array(times).fill({ program });
  await queue.add(replays(63));
  queue.flush();
  assertEquals([gpu.waits, gpu.submits], [0, 63]);
  await queue.add(replays(1));
  assertEquals([gpu.waits, gpu.submits], [1, 64]); // from then on it is known how long one takes
  const short = new PacedQueue(gpu, "timed by who reads");
  await short.add(replays(40));
  await readIntegers(gpu, counter);
  short.rest();
  await short.add(replays(64));
  short.flush();
  assertEquals(gpu.waits, 2);
});

Deno.test("a program that runs once is submitted command by command", async () => {
  using gpu = await openDevice();
  using counter = createTensor(gpu, "counter", [1]);
  using program = new Program(gpu, "counting");
  for (const _ of [1, 2, 3]) {
    program.dispatch(getKernel(gpu, count), { counter }, {}, { workgroups: 1 });
  }
  await runOnce(program);
  assertEquals([gpu.waits, gpu.submits], [0, 3]);
  assertEquals(await readIntegers(gpu, counter), [Uint32Array.of(13)]);
});

const shown = {
  name: "shown",
  code: `@group(0) @binding(0) var<storage, read_write> seen: array<vec2u>;
@compute @workgroup_size(1) fn main(here: Here) {
  seen[query_block.first_row] = vec2u(query_block.first_id, candidate_block.first_id);
}`,
};

Deno.test("a step shows each binding its own record, or all of them the same", async () => {
  using gpu = await openDevice();
  const records = (label: string, rows: readonly (readonly number[])[]) => {
    const data = new Uint32Array(RECORD_WORDS * rows.length);
    rows.forEach((row, r) => data.set(row, RECORD_WORDS * r));
    return createTensor(gpu, label, [data.length], data);
  };
  using query_block = records("queries", [[0, 10], [1, 11], [2, 12]]);
  using candidate_block = records("candidates", [[0, 20], [0, 21], [0, 22]]);
  using seen = createTensor(gpu, "seen", [6]);
  using program = new Program(gpu, "shown");
  program.dispatch(
    getKernel(gpu, shown),
    { seen, query_block, candidate_block },
    {},
    { workgroups: 1 },
  );
  for (const step of [0, [1, 2], [2, 0]]) program.run(step);
  assertEquals(await readIntegers(gpu, seen), [Uint32Array.of(10, 20, 11, 22, 12, 20)]);
  using appended = new Program(gpu, "appended");
  for (const step of [1, [2, 1]]) appended.append(program, step);
  appended.run(0); // whose own records nobody sees
  assertEquals(await readIntegers(gpu, seen), [Uint32Array.of(10, 20, 11, 21, 12, 21)]);
});

Deno.test("dispatches run in order, each with its own parameters", async () => {
  using gpu = await openDevice();
  using x = createTensor(gpu, "x", [1], Float32Array.of(10));
  using y = createTensor(gpu, "y", [1], Float32Array.of(1));
  using program = new Program(gpu, "chain");
  const kernel = getKernel(gpu, axpy);
  program.dispatch(kernel, { x, y }, { gain: 2 }, { workgroups: 1 }); // y = 21
  program.dispatch(kernel, { x: y, y: x }, { gain: -1 }, { workgroups: 1 }); // x = −11
  program.dispatch(kernel, { x, y }, { gain: 0.5 }, { workgroups: 1 }); // y = 15.5
  assertEquals(program.kernels, ["axpy", "axpy", "axpy"]);
  program.run();
  assertEquals(await readFloats(gpu, x, y), [Float32Array.of(-11), Float32Array.of(15.5)]);
});

Deno.test("a program may hold many dispatches", async () => {
  using gpu = await openDevice();
  using counter = createTensor(gpu, "counter", [1]);
  using x = createTensor(gpu, "x", [1], Float32Array.of(1));
  using program = new Program(gpu, "long");
  const kernel = getKernel(gpu, axpy);
  for (let i = 0; i < 600; i++) {
    program.dispatch(kernel, { x, y: counter }, { gain: 1 }, { workgroups: 1 });
  }
  program.run();
  program.run();
  assertEquals(await readFloats(gpu, counter), [Float32Array.of(1200)]);
});

/** Counts each workgroup under its number, as all kernels of kernels/ take it. */
const numbered = {
  name: "numbered",
  code: `@group(0) @binding(0) var<storage, read_write> cell: array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let i = workgroup.x * workgroups.y + workgroup.y;
  if (i < arrayLength(&cell)) { cell[i] += i + 1; }
}`,
};

for (
  const { cells, strips, grid } of [
    { cells: 65_535 + 4466, strips: 1, grid: [35_001, 2] }, // more than one dimension holds
    { cells: 10, strips: 1, grid: [10, 1] },
    { cells: 10, strips: 2, grid: [5, 2] },
    { cells: 10, strips: 4, grid: [3, 4] }, // two workgroups have nothing to do
    { cells: 3, strips: 8, grid: [1, 3] },
    { cells: 65_535 * 2 + 1, strips: 2, grid: [43_691, 3] },
  ] as const
) {
  Deno.test(`${cells} workgroups in ${strips} strips are all run, once`, async () => {
    using opened = await openDevice();
    const gpu = new GpuDevice(opened.device, opened.adapterName, { strips });
    using cell = createTensor(gpu, "cell", [cells]);
    using program = new Program(gpu, "wide");
    program.dispatch(getKernel(gpu, numbered), { cell }, {}, { invocations: cells });
    assertEquals((program.commands[0] as Dispatch).workgroups, grid);
    program.run();
    const [values] = await readIntegers(gpu, cell);
    assertEquals(values!.findIndex((value, i) => value !== i + 1), -1);
  });
}

Deno.test("a dispatch of nothing is left out", async () => {
  using gpu = await openDevice();
  using counter = createTensor(gpu, "counter", [1]);
  using program = new Program(gpu, "empty");
  program.dispatch(getKernel(gpu, count), { counter }, {}, { invocations: 0 });
  assertEquals(program.kernels, []);
  program.run();
  assertEquals(await readIntegers(gpu, counter), [Uint32Array.of(0)]);
});

Deno.test("wrong bindings, parameters and sizes are named", async (test) => {
  using gpu = await openDevice();
  using x = createTensor(gpu, "x", [1]);
  using y = createTensor(gpu, "y", [1]);
  using program = new Program(gpu, "wrong");
  const kernel = getKernel(gpu, axpy);
  const { maxComputeWorkgroupsPerDimension: most } = gpu.device.limits;
  const cases = [
    [{ y }, { gain: 1 }, 1, 'Kernel axpy: binding "x" is missing.'],
    [{ x, y, z: x }, { gain: 1 }, 1, 'Kernel axpy has no binding "z".'],
    [{ x, y }, {}, 1, 'Kernel axpy: parameter "gain" (f32) is undefined.'],
    [{ x, y }, { gain: 1, loss: 2 }, 1, 'Kernel axpy has no parameter "loss".'],
    [{ x, y }, { gain: 1 }, most ** 2 + 1, `${most ** 2 + 1} workgroups are too many`],
  ] as const;
  for (const [tensors, params, workgroups, message] of cases) {
    await test.step(message, () => {
      const record = () => program.dispatch(kernel, { ...tensors }, params, { workgroups });
      assertThrows(record, GpuError, message);
      assertEquals(program.kernels, []);
    });
  }
  await gpu.finish();
});

Deno.test("disposing a program releases its parameters, once", async () => {
  using gpu = await openDevice();
  using x = createTensor(gpu, "x", [1]);
  using y = createTensor(gpu, "y", [1]);
  const before = gpu.bytes;
  const program = new Program(gpu, "chain");
  const kernel = getKernel(gpu, axpy);
  program.dispatch(kernel, { x, y }, { gain: 1 }, { workgroups: 1 });
  program.dispatch(kernel, { x, y }, { gain: 2 }, { workgroups: 1 });
  program.own(createTensor(gpu, "z", [4]));
  assertEquals(gpu.bytes, before + 3 * 16);
  program[Symbol.dispose]();
  program[Symbol.dispose]();
  assertEquals(gpu.bytes, before);
  await gpu.finish();
});
