import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { GpuError, openDevice } from "../../src/gpu/device.ts";
import { getKernel } from "../../src/gpu/kernel.ts";
import { Program } from "../../src/gpu/program.ts";
import { createTensor, readFloats, type Tensor } from "../../src/gpu/tensor.ts";

const double = {
  name: "double",
  code: `@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@compute @workgroup_size(1) fn main() { x[0] *= 2.0; }`,
};

/** Records and runs a dispatch on `x`, whatever state it is in. */
function dispatchOn(program: Program, x: Tensor): void {
  program.dispatch(getKernel(program.gpu, double), { x }, {}, { workgroups: 1 });
  program.run();
}

Deno.test("openDevice names the adapter and takes the limits that it offers", async () => {
  using gpu = await openDevice();
  const adapter = await navigator.gpu.requestAdapter();
  assert(gpu.adapterName.length > 0);
  assertEquals(
    gpu.device.limits.maxStorageBufferBindingSize,
    adapter!.limits.maxStorageBufferBindingSize,
  );
});

Deno.test("openDevice without an adapter says what to install", async () => {
  navigator.gpu.requestAdapter = () => Promise.resolve(null);
  try {
    const error = await assertRejects(openDevice, GpuError);
    assertStringIncludes(error.message, "No WebGPU adapter found");
    assertStringIncludes(error.message, "mesa-vulkan-drivers");
  } finally {
    Reflect.deleteProperty(navigator.gpu, "requestAdapter"); // the prototype's own shows again
  }
});

Deno.test("a fault while recording fails the next await and names the kernel", async () => {
  using gpu = await openDevice();
  using program = new Program(gpu, "doubling");
  const x = createTensor(gpu, "numbers", [4]);
  x[Symbol.dispose]();
  dispatchOn(program, x);
  const error = await assertRejects(() => gpu.finish(), GpuError);
  assertStringIncludes(error.message, "kernel double");
  assertStringIncludes(error.message, "'numbers'");
});

Deno.test("a fault while running fails the next await and names kernel and buffer", async () => {
  using gpu = await openDevice();
  using program = new Program(gpu, "doubling");
  using other = createTensor(gpu, "other", [4]);
  const x = createTensor(gpu, "numbers", [4]);
  program.dispatch(getKernel(gpu, double), { x }, {}, { workgroups: 1 });
  x[Symbol.dispose]();
  program.run();
  const error = await assertRejects(() => readFloats(gpu, other), GpuError);
  assertStringIncludes(error.message, "double");
  assertStringIncludes(error.message, "'numbers'");
});

Deno.test("the first fault is kept, and every later await throws it", async () => {
  using gpu = await openDevice();
  using program = new Program(gpu, "doubling");
  for (const label of ["first", "second"]) {
    const x = createTensor(gpu, label, [4]);
    x[Symbol.dispose]();
    dispatchOn(program, x);
  }
  const first = await assertRejects(() => gpu.finish(), GpuError, "'first'");
  assertEquals(await assertRejects(() => gpu.verify()), first);
  assertEquals(await assertRejects(() => gpu.finish()), first);
});

Deno.test("an uncaptured error is not lost", async () => {
  using gpu = await openDevice();
  gpu.device.createBuffer({ label: "useless", size: 16, usage: 0 });
  await assertRejects(() => gpu.finish(), GpuError, "usage");
});

Deno.test("a buffer above the limit is refused before the driver sees it", async () => {
  using gpu = await openDevice();
  const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits;
  const bytes = Math.min(maxStorageBufferBindingSize, maxBufferSize) + 4;
  for (
    const [usage, size] of [[GPUBufferUsage.STORAGE, bytes], [
      GPUBufferUsage.COPY_DST,
      maxBufferSize + 1,
    ]] as const
  ) {
    const error = assertThrows(() => gpu.allocate("giant", size, usage), GpuError);
    assertStringIncludes(error.message, `"giant": ${size} bytes`);
    assertStringIncludes(error.message, gpu.adapterName);
  }
  assertEquals([gpu.bytes, gpu.peakBytes], [0, 0]);
  await gpu.finish();
});

Deno.test("bytes and peakBytes count every buffer, staging and parameters included", async () => {
  using gpu = await openDevice();
  {
    using a = createTensor(gpu, "a", [10]);
    using _b = createTensor(gpu, "b", [20]);
    assertEquals([gpu.bytes, gpu.peakBytes], [48 + 80, 48 + 80]); // whole vec4
    await readFloats(gpu, a);
    assertEquals([gpu.bytes, gpu.peakBytes], [128, 128 + 48]);
  }
  assertEquals([gpu.bytes, gpu.peakBytes], [0, 176]);
  {
    using x = createTensor(gpu, "x", [4]);
    using program = new Program(gpu, "scaling");
    const code = `struct Params {
  factor: f32,
}
@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<uniform> params: Params;
@compute @workgroup_size(1) fn main() { x[0] *= params.factor; }`;
    const kernel = getKernel(gpu, { name: "scale", code });
    program.dispatch(kernel, { x }, { factor: 3 }, { workgroups: 1 });
    assertEquals(gpu.bytes, 16 + 16);
    program.run();
    await gpu.finish();
  }
  assertEquals([gpu.bytes, gpu.peakBytes], [0, 176]);
});

Deno.test("staging is released where reading fails", async () => {
  using gpu = await openDevice();
  const x = createTensor(gpu, "numbers", [4]);
  x[Symbol.dispose]();
  await assertRejects(() => readFloats(gpu, x), GpuError, "'numbers'");
  assertEquals(gpu.bytes, 0);
});

Deno.test("a lost device is reported by whatever is awaited next", async (test) => {
  const awaits = {
    finish: (gpu: Awaited<ReturnType<typeof openDevice>>) => gpu.finish(),
    readFloats: async (gpu: Awaited<ReturnType<typeof openDevice>>) => {
      await readFloats(gpu, createTensor(gpu, "numbers", [4]));
    },
  };
  for (const [name, wait] of Object.entries(awaits)) {
    await test.step(name, async () => {
      using gpu = await openDevice();
      gpu.device.destroy(); // behind its back
      await assertRejects(() => wait(gpu), GpuError, "device was lost");
    });
  }
});

Deno.test("closing the device on purpose is no loss", async () => {
  const gpu = await openDevice();
  createTensor(gpu, "numbers", [4]);
  gpu[Symbol.dispose]();
  await gpu.device.lost;
  await gpu.verify();
  assertEquals(gpu.bytes, 0);
});
