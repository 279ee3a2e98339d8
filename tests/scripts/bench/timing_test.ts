import { assert, assertEquals } from "@std/assert";
import { type GpuDevice, openDevice } from "../../../src/gpu/device.ts";
import { createImage } from "../../../src/gpu/gather/image.ts";
import { getKernel } from "../../../src/gpu/kernel.ts";
import { Program } from "../../../src/gpu/program.ts";
import { createTensor, readFloats, readIntegers, type Tensor } from "../../../src/gpu/tensor.ts";
import {
  copyBandwidth,
  timeByRepeating,
  timeByTimestamps,
  timeCommands,
  wallSeconds,
} from "../../../scripts/bench/timing.ts";

const add = {
  name: "add",
  code: `struct Params {
  amount: u32,
}
@group(0) @binding(0) var<storage, read_write> total: array<u32>;
@group(0) @binding(1) var<uniform> params: Params;
@compute @workgroup_size(1) fn main() { total[0] += params.amount; }`,
};

/** Adds 1 to one counter, then 10 to another. */
function twoDispatches(gpu: GpuDevice, small: Tensor, large: Tensor): Program {
  const program = new Program(gpu, "two dispatches");
  const kernel = getKernel(gpu, add);
  program.dispatch(kernel, { total: small }, { amount: 1 }, { workgroups: 1 });
  program.dispatch(kernel, { total: large }, { amount: 10 }, { workgroups: 1 });
  return program;
}

function assertDurations(microseconds: Float64Array, count: number): void {
  assertEquals(microseconds.length, count);
  assert(microseconds.every((time) => time > 0 && time < Infinity), String(microseconds));
}

Deno.test("timestamps time each dispatch while the program runs as often as told", async () => {
  using gpu = await openDevice();
  using small = createTensor(gpu, "small", [1]);
  using large = createTensor(gpu, "large", [1]);
  using program = twoDispatches(gpu, small, large);
  const before = gpu.bytes;
  const { method, microseconds } = await timeByTimestamps(program, 7);
  assertEquals(method, "timestamp queries");
  assertDurations(microseconds, 2);
  assertEquals(await readIntegers(gpu, small, large), [Uint32Array.of(7), Uint32Array.of(70)]);
  assertEquals(gpu.bytes, before);
});

Deno.test("copies and clearings are timed, too, and done", async () => {
  using gpu = await openDevice();
  using matrix = createTensor(gpu, "matrix", [64, 64], new Float32Array(64 * 64).fill(1));
  using image = createImage(gpu, "image", 64, 16);
  using program = new Program(gpu, "copy and clear");
  program.copy(matrix, image);
  program.clear(matrix);
  assertDurations((await timeByTimestamps(program, 2)).microseconds, 2);
  assertEquals(await readFloats(gpu, matrix), [new Float32Array(64 * 64)]);
  assertDurations((await timeByRepeating(program)).microseconds, 2);
});

Deno.test("more timestamps than fit the place of one run are kept run by run", async () => {
  using gpu = await openDevice();
  using total = createTensor(gpu, "total", [1]);
  using program = new Program(gpu, "many dispatches");
  for (let i = 0; i < 33; i++) {
    program.dispatch(getKernel(gpu, add), { total }, { amount: 1 }, { workgroups: 1 });
  }
  assertDurations((await timeByTimestamps(program, 3)).microseconds, 33);
  assertEquals(await readIntegers(gpu, total), [Uint32Array.of(99)]);
});

Deno.test("without timestamps each dispatch is repeated alone", async () => {
  using gpu = await openDevice();
  using small = createTensor(gpu, "small", [1]);
  using large = createTensor(gpu, "large", [1]);
  using program = twoDispatches(gpu, small, large);
  const { method, microseconds } = await timeByRepeating(program);
  assertEquals(method, "wall time of repeats");
  assertDurations(microseconds, 2);
  const [ones, tens] = await readIntegers(gpu, small, large);
  // One to warm up, then 1 + 2 + 4 + …
  const powers = (times: number): boolean => Number.isInteger(Math.log2(times));
  assert(powers(ones![0]!), `${ones}`);
  assert(powers(tens![0]! / 10), `${tens}`);
});

Deno.test("dispatches are timed by the method that the adapter offers", async () => {
  using gpu = await openDevice();
  using small = createTensor(gpu, "small", [1]);
  using large = createTensor(gpu, "large", [1]);
  using program = twoDispatches(gpu, small, large);
  const { method } = await timeCommands(program, 1);
  const offered = gpu.device.features.has("timestamp-query");
  assertEquals(method, offered ? "timestamp queries" : "wall time of repeats");
});

Deno.test("wall time warms up once, then doubles the work until it lasts", async () => {
  using gpu = await openDevice();
  const asked: number[] = [];
  const pause = (milliseconds: number): void => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
  };
  const seconds = await wallSeconds(gpu, (times) => {
    asked.push(times);
    pause(times * 100);
  });
  assert(seconds >= 0.1);
  assertEquals(asked[0], 1);
  assertEquals(asked.slice(1), asked.slice(1).map((_, i) => 2 ** i));
});

Deno.test("the copy's bandwidth is a number, and its buffers are released", async () => {
  using gpu = await openDevice();
  const bandwidth = await copyBandwidth(gpu);
  assert(bandwidth > 0 && bandwidth < Infinity, String(bandwidth));
  assertEquals(gpu.bytes, 0);
});
