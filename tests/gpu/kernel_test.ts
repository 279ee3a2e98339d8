import {
  assert,
  assertEquals,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { GpuError, openDevice } from "../../src/gpu/device.ts";
import { getKernel, packParams } from "../../src/gpu/kernel.ts";

const scaled = `struct Params {
  rows: u32, // a comment
  gain: f32,
}
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
override dim: u32 = 1;
override workgroup_size: u32 = 32;
@compute @workgroup_size(workgroup_size) fn main() {
  y[0] = f32(params.rows * dim) * params.gain * x[0];
}`;

Deno.test("a kernel's bindings, parameters and workgroup size are read off its source", async () => {
  using gpu = await openDevice();
  const kernel = getKernel(gpu, { name: "scaled", code: scaled });
  assertEquals(kernel.bindings, [
    { group: 0, index: 0, name: "x", kind: "read-only-storage" },
    { group: 0, index: 1, name: "y", kind: "storage" },
    { group: 0, index: 2, name: "params", kind: "uniform" },
  ]);
  assertEquals(kernel.fields, [{ name: "rows", type: "u32" }, { name: "gain", type: "f32" }]);
  assertEquals(kernel.workgroupSize, 32);
  await gpu.finish();
});

Deno.test("a kernel is compiled once per device and set of constants", async () => {
  using gpu = await openDevice();
  const source = { name: "scaled", code: scaled };
  const kernel = getKernel(gpu, source, { dim: 4 });
  assertStrictEquals(getKernel(gpu, source, { dim: 4 }), kernel);
  assertNotStrictEquals(getKernel(gpu, source, { dim: 8 }), kernel);
  assertEquals(getKernel(gpu, source, { workgroup_size: 16 }).workgroupSize, 16);
  using other = await openDevice();
  assertNotStrictEquals(getKernel(other, source, { dim: 4 }), kernel);
  await gpu.finish();
  await other.finish();
});

Deno.test("of the prelude's bindings, a kernel has those that it asks for", async () => {
  using gpu = await openDevice();
  const bindingsOf = (name: string, result: string) =>
    getKernel(gpu, { name, code: scaled.replace("y[0] = ", `y[0] = ${result} * `) }).bindings
      .map(({ name }) => name);
  assertEquals(bindingsOf("batched", "f32(clock.batch)"), ["x", "y", "params", "clock"]);
  assertEquals(bindingsOf("commented", "/* none */ // clock\n 1.0"), ["x", "y", "params"]);
  await gpu.finish();
});

Deno.test("a compile error tells file, line and column, and shows the place", async () => {
  using gpu = await openDevice();
  const code = `@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@compute @workgroup_size(1)
fn main() {
  x[0] = wrong + 1.0;
}`;
  getKernel(gpu, { name: "broken", code });
  const { message } = await assertRejects(() => gpu.finish(), GpuError);
  const [summary, line, caret, ...more] = message.split("\n");
  assert(summary!.startsWith("kernels/broken.wgsl:4:10: "), summary);
  assert(summary!.includes("`wrong`"), summary);
  assertEquals(line, "  x[0] = wrong + 1.0;");
  assertEquals(caret, "         ^");
  assertEquals(more, []);
});

Deno.test("a kernel and its parts are one shader, named after all of them", async () => {
  using gpu = await openDevice();
  const code = scaled.replace("y[0] = ", "finish(").replace("* x[0];", "* entry());")
    .replace("@group(0) @binding(1) var<storage, read_write> y: array<f32>;\n", "")
    .replace("@group(0) @binding(0) var<storage, read> x: array<f32>;\n", "") + " // the end";
  const first = {
    name: "entries/first",
    code: `@group(0) @binding(10) var<storage, read> x: array<f32>;
fn entry() -> f32 { return x[0]; } // the end`,
  };
  const keep = {
    name: "endings/keep",
    code: `@group(0) @binding(20) var<storage, read_write> kept: array<f32>;
fn finish(value: f32) { kept[0] = value; }`,
  };
  const kernel = getKernel(gpu, { name: "scaled", code, parts: [first, keep] });
  assertEquals(kernel.name, "scaled: first, keep");
  assertEquals(kernel.files, ["scaled", "entries/first", "endings/keep"]);
  assertEquals(kernel.bindings.map(({ name }) => name), ["params", "x", "kept"]);
  await gpu.finish();
});

Deno.test("a compile error is told of the file it is in, the kernel's or a part's", async (test) => {
  const entry = { name: "entries/one", code: "fn entry() -> f32 { return 1.0; }" };
  const keep = { name: "endings/keep", code: "fn finish(value: f32) {}" };
  const code = "@compute @workgroup_size(1)\nfn main() { finish(1.0 * entry()); }\n// the end";
  const wrongs = [
    { parts: [entry, keep], code: code.replace("1.0", "lost"), place: "scaled.wgsl:2:20" },
    {
      code,
      parts: [{ ...entry, code: "fn entry() -> f32 {\n  return lost; }" }, keep],
      place: "entries/one.wgsl:2:10",
    },
    {
      code,
      parts: [entry, { ...keep, code: "\nfn finish(value: lost) {}" }],
      place: "endings/keep.wgsl:2:18",
    },
  ];
  for (const { place, ...files } of wrongs) {
    await test.step(place, async () => {
      using gpu = await openDevice();
      getKernel(gpu, { name: "scaled", ...files });
      const { message } = await assertRejects(() => gpu.finish(), GpuError);
      const [summary, line, caret] = message.split("\n");
      assert(summary!.startsWith(`kernels/${place}: `), summary);
      assertEquals(line!.slice(caret!.indexOf("^")).startsWith("lost"), true, message);
    });
  }
});

Deno.test("what only the pipeline finds wrong names the kernel", async (test) => {
  const cases: { title: string; code: string; constants: Record<string, number> }[] = [
    { title: "no entry point", code: scaled.replace("main", "other"), constants: {} },
    { title: "unknown constant", code: scaled, constants: { depth: 4 } },
    {
      title: "missing constant",
      code: scaled.replace("dim: u32 = 1", "dim: u32"),
      constants: {},
    },
  ];
  for (const { title, code, constants } of cases) {
    await test.step(title, async () => {
      using gpu = await openDevice();
      getKernel(gpu, { name: "scaled", code }, constants);
      await assertRejects(() => gpu.finish(), GpuError, "kernel scaled: ");
    });
  }
});

const fields = [{ name: "rows", type: "u32" }, { name: "gain", type: "f32" }];

Deno.test("packParams lays members out in the struct's order, padded to 16 bytes", () => {
  const view = new DataView(
    packParams({ name: "scaled", fields }, { gain: -1.5, rows: 2 ** 32 - 1 }),
  );
  assertEquals(view.byteLength, 16);
  assertEquals(view.getUint32(0, true), 2 ** 32 - 1);
  assertEquals(view.getFloat32(4, true), -1.5);
  const five = Array.from({ length: 5 }, (_, i) => ({ name: `p${i}`, type: "u32" }));
  const values = { p0: 0, p1: 1, p2: 2, p3: 3, p4: 4 };
  assertEquals(
    [...new Uint32Array(packParams({ name: "five", fields: five }, values))],
    [0, 1, 2, 3, 4, 0, 0, 0],
  );
});

for (
  const [title, params, message] of [
    ["a missing parameter", { rows: 1 }, 'parameter "gain" (f32) is undefined'],
    ["an unknown parameter", { rows: 1, gain: 1, rate: 1 }, 'has no parameter "rate"'],
    ["NaN", { rows: 1, gain: NaN }, 'parameter "gain" (f32) is NaN'],
    ["infinity", { rows: 1, gain: Infinity }, 'parameter "gain" (f32) is Infinity'],
    ["what overflows f32", { rows: 1, gain: 1e39 }, 'parameter "gain" (f32) is 1e+39'],
    ["NaN as u32", { rows: NaN, gain: 1 }, 'parameter "rows" (u32) is NaN'],
    ["a negative u32", { rows: -1, gain: 1 }, 'parameter "rows" (u32) is -1'],
    ["a fractional u32", { rows: 1.5, gain: 1 }, 'parameter "rows" (u32) is 1.5'],
    ["a u32 of 33 bits", { rows: 2 ** 32, gain: 1 }, 'parameter "rows" (u32) is 4294967296'],
  ] as const
) {
  Deno.test(`packParams rejects ${title}`, () => {
    assertThrows(() => packParams({ name: "scaled", fields }, params), GpuError, message);
  });
}
