/** Images: what fits them, what they count, and what is copied to them. */
import {
  assert,
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";

import { GpuDevice, GpuError, openDevice } from "../../../src/gpu/device.ts";
import {
  createEntryImage,
  createImage,
  fitsImage,
  fitsPairs,
  PAIRS_PER_LINE,
} from "../../../src/gpu/gather/image.ts";
import { getKernel } from "../../../src/gpu/kernel.ts";
import { Program } from "../../../src/gpu/program.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../../src/gpu/tensor.ts";
import { WORDS_PER_PAIR } from "../../../src/sparse/paired_entries.ts";

/** Reads an image back, row by row. */
const readBack = {
  name: "read_back",
  code: `override dim4: u32;
override rows_per_line: u32;
@group(0) @binding(0) var image: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var<storage, read_write> output: array<vec4f>;
@compute @workgroup_size(1) fn main(@builtin(workgroup_id) id: vec3u) {
  let row = id.x / dim4;
  let texel = vec2u(row % rows_per_line * dim4 + id.x % dim4, row / rows_per_line);
  output[id.x] = textureLoad(image, texel);
}`,
};

Deno.test("an image holds a matrix, also one of several lines, and fewer rows than it has room for", async (test) => {
  using gpu = await openDevice();
  const { rowsPerLine } = createImage(gpu, "any", 1, 64);
  const sizes = [
    { room: 1, rows: 1 },
    { room: rowsPerLine, rows: rowsPerLine },
    { room: 2 * rowsPerLine, rows: 2 * rowsPerLine },
    { room: 2 * rowsPerLine + 5, rows: 2 * rowsPerLine + 5 },
    { room: 3 * rowsPerLine, rows: rowsPerLine + 1 },
    { room: 3 * rowsPerLine, rows: 7 },
  ];
  for (const { room, rows } of sizes) {
    await test.step(`${rows} rows of ${room}`, async () => {
      using image = createImage(gpu, "image", room, 64);
      const data = Float32Array.from({ length: rows * 256 }, (_, i) => i);
      using matrix = createTensor(gpu, "matrix", [rows, 256], data);
      using output = createTensor(gpu, "output", [rows, 256]);
      using program = new Program(gpu, "there and back");
      program.copy(matrix, image);
      const kernel = getKernel(gpu, readBack, { dim4: 64, rows_per_line: image.rowsPerLine });
      program.dispatch(kernel, { output }, {}, { workgroups: rows * 64 }, { image });
      program.run();
      assertEquals(await readFloats(gpu, output), [data]);
    });
  }
});

Deno.test("an image takes over some rows of a matrix", async () => {
  using gpu = await openDevice();
  const dim = 256, data = Float32Array.from({ length: 200 * dim }, (_, i) => i);
  using matrix = createTensor(gpu, "matrix", [200, dim], data);
  using image = createImage(gpu, "image", 150, dim / 4);
  for (const [firstRow, rowCount] of [[0, 1], [3, 130], [199, 1], [50, 150]] as const) {
    using output = createTensor(gpu, "output", [rowCount, dim]);
    using program = new Program(gpu, "there and back");
    program.copy(matrix, image, { firstRow, rowCount });
    const kernel = getKernel(gpu, readBack, { dim4: 64, rows_per_line: image.rowsPerLine });
    program.dispatch(kernel, { output }, {}, { workgroups: rowCount * 64 }, { image });
    program.run();
    const rows = data.subarray(firstRow * dim, (firstRow + rowCount) * dim);
    assertEquals(await readFloats(gpu, output), [Float32Array.from(rows)]);
  }
  using program = new Program(gpu, "beyond");
  const message = `Rows 190 to 200 of "matrix" of 200 × 256 do not fit an image of 150 × 256.`;
  const beyond = { firstRow: 190, rowCount: 11 };
  assertThrows(() => program.copy(matrix, image, beyond), GpuError, message);
  program.copy(matrix, image, () => beyond);
  assertThrows(() => program.run(), GpuError, message);
});

Deno.test("an image takes over the rows of each step", async () => {
  using gpu = await openDevice();
  const dim = 256, data = Float32Array.from({ length: 5 * dim }, (_, i) => i);
  using matrix = createTensor(gpu, "matrix", [5, dim], data);
  using image = createImage(gpu, "image", 2, dim / 4);
  using output = createTensor(gpu, "output", [2, dim]);
  using program = new Program(gpu, "there and back");
  program.copy(matrix, image, (step) => ({ firstRow: 2 * Number(step), rowCount: 2 }));
  const kernel = getKernel(gpu, readBack, { dim4: 64, rows_per_line: image.rowsPerLine });
  program.dispatch(kernel, { output }, {}, { workgroups: 2 * 64 }, { image });
  for (const step of [1, 0]) {
    program.run(step);
    const rows = data.slice(2 * step * dim, 2 * (step + 1) * dim);
    assertEquals(await readFloats(gpu, output), [rows]);
  }
});

Deno.test("what does not fit an image is known, or refused", async () => {
  using gpu = await openDevice();
  const most = gpu.device.limits.maxTextureDimension2D;
  const { rowsPerLine } = createImage(gpu, "any", 1, 16);
  assertEquals(Math.log2(rowsPerLine) % 1, 0);
  assert(fitsImage(gpu, rowsPerLine * most, 16));
  assert(!fitsImage(gpu, rowsPerLine * most + 1, 16));
  assert(!fitsImage(gpu, 1, most)); // lines of a copy would not begin where they may
  assert(fitsPairs(gpu, PAIRS_PER_LINE * most));
  assert(!fitsPairs(gpu, PAIRS_PER_LINE * most + 1));
  using program = new Program(gpu, "copies");
  using image = createImage(gpu, "image", 3, 2);
  const sizes = [[4, 8], [3, 4], [24]];
  for (const shape of sizes) {
    using matrix = createTensor(gpu, "matrix", shape);
    const message = `"matrix" of ${shape.join(" × ")} does not fit an image of 3 × 8.`;
    assertThrows(() => program.copy(matrix, image), GpuError, message);
  }
});

Deno.test("the memory of images counts, on a dry device too, until it is released", async (test) => {
  using opened = await openDevice();
  for (const dry of [false, true]) {
    await test.step(dry ? "dry" : "real", async () => {
      const gpu = new GpuDevice(opened.device, opened.adapterName, { dry });
      const before = gpu.bytes;
      const image = createImage(gpu, "image", 10, 16);
      assertEquals(gpu.bytes - before, 10 * 16 * 16);
      const entryImage = createEntryImage(gpu, "entries", new Uint32Array(5 * WORDS_PER_PAIR));
      assertEquals(gpu.bytes - before, 10 * 16 * 16 + PAIRS_PER_LINE * 16);
      entryImage[Symbol.dispose]();
      image[Symbol.dispose]();
      assertEquals(gpu.bytes, before);
      createImage(gpu, "nothing", 0, 1)[Symbol.dispose]();
      await gpu.finish();
    });
  }
});

Deno.test("a released image is handed out again to as many rows or fewer, of as many columns", async () => {
  using gpu = await openDevice();
  {
    using scratch = new Scratch(gpu);
    const first = scratch.takeImage("first", 10, 4);
    assertNotStrictEquals(scratch.takeImage("second", 10, 4), first);
    scratch.releaseImage(first);
    scratch.releaseImage(first);
    assertNotStrictEquals(scratch.takeImage("larger", 11, 4), first);
    assertNotStrictEquals(scratch.takeImage("wider", 2, 8), first);
    assertStrictEquals(scratch.takeImage("smaller", 9, 4), first);
    assertNotStrictEquals(scratch.takeImage("again", 9, 4), first);
  }
  assertEquals(gpu.bytes, 0);
});
