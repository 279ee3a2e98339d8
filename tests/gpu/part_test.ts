/** Dispatches of kernels that are put together from parts. */
import { assertEquals, assertThrows } from "@std/assert";
import { GpuError, openDevice } from "../../src/gpu/device.ts";
import { dispatchParts, type KernelPart } from "../../src/gpu/part.ts";
import { Program } from "../../src/gpu/program.ts";
import { createTensor, readFloats, type Tensor } from "../../src/gpu/tensor.ts";

const code = `struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
override factor: f32;
override workgroup_size: u32 = 64;
@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let i = invocation_index(here, workgroup_size);
  if (i < params.count) { keep(i, factor * entry(i)); }
}`;

const kernel: KernelPart = {
  source: { name: "scaled", code },
  constants: { factor: 2 },
  params: { count: 3 },
};

/** x_i + shift */
const entry = (x: Tensor, shift: number): KernelPart => ({
  source: {
    name: "entries/shifted",
    code: `@group(0) @binding(10) var<storage, read> x: array<f32>;
override shift: f32;
fn entry(i: u32) -> f32 { return x[i] + shift; }`,
  },
  tensors: { x },
  constants: { shift },
});

const keep = (kept: Tensor, more: Partial<KernelPart> = {}): KernelPart => ({
  source: {
    name: "endings/keep",
    code: `@group(0) @binding(20) var<storage, read_write> kept: array<f32>;
fn keep(i: u32, value: f32) { kept[i] = value; }`,
  },
  tensors: { kept },
  ...more,
});

Deno.test("a kernel runs with what all its parts are bound to", async () => {
  using gpu = await openDevice();
  using x = createTensor(gpu, "x", [3], Float32Array.of(1, 2, 3));
  using kept = createTensor(gpu, "kept", [3]);
  using program = new Program(gpu, "parts");
  dispatchParts(program, kernel, [entry(x, 10), keep(kept)], { invocations: 3 });
  dispatchParts(program, kernel, [entry(kept, 1), keep(x)], { invocations: 3 });
  assertEquals(program.kernels, ["scaled: shifted, keep", "scaled: shifted, keep"]);
  program.run();
  assertEquals(await readFloats(gpu, kept, x), [
    Float32Array.of(22, 24, 26),
    Float32Array.of(46, 50, 54),
  ]);
});

Deno.test("parts that mean different things by a name are refused", async (test) => {
  using gpu = await openDevice();
  using x = createTensor(gpu, "x", [3]);
  using other = createTensor(gpu, "other x", [3]);
  using program = new Program(gpu, "parts");
  const wrongs: [string, Partial<KernelPart>][] = [
    ["x", { tensors: { kept: other, x: other } }],
    ["factor", { constants: { factor: 3 } }],
    ["count", { params: { count: 4 } }],
  ];
  for (const [name, more] of wrongs) {
    await test.step(name, () => {
      const dispatch = () =>
        dispatchParts(program, kernel, [entry(x, 1), keep(other, more)], { invocations: 3 });
      const message = `Two parts of a kernel mean different things by "${name}".`;
      assertThrows(dispatch, GpuError, message);
    });
  }
});
