import { assertEquals, assertThrows } from "@std/assert";
import { GpuError, openDevice } from "../../src/gpu/device.ts";
import {
  createTensor,
  elementCount,
  readFloats,
  readIntegers,
  write,
} from "../../src/gpu/tensor.ts";

Deno.test("elementCount multiplies the sizes", () => {
  assertEquals([[], [3], [3, 4], [5, 0]].map(elementCount), [1, 3, 12, 0]);
});

Deno.test("a tensor holds zeros until it is written to", async () => {
  using gpu = await openDevice();
  using tensor = createTensor(gpu, "numbers", [2, 3]);
  assertEquals((await readFloats(gpu, tensor))[0], new Float32Array(6));
});

Deno.test("numbers come back as they went, bit for bit", async () => {
  using gpu = await openDevice();
  const floats = Float32Array.of(0.1, -0, 1e-40, Infinity, 3.4e38);
  const integers = Uint32Array.of(0, 7, 0xffffffff);
  using a = createTensor(gpu, "a", [5], floats);
  using b = createTensor(gpu, "b", [3], integers);
  assertEquals(await readFloats(gpu, a), [floats]);
  assertEquals(await readIntegers(gpu, b), [integers]);
});

Deno.test("several tensors are read at once, in the order asked for", async () => {
  using gpu = await openDevice();
  using a = createTensor(gpu, "a", [1], Float32Array.of(1));
  using b = createTensor(gpu, "b", [2], Float32Array.of(2, 3));
  using empty = createTensor(gpu, "empty", [0]);
  assertEquals(
    await readFloats(gpu, b, empty, a),
    [Float32Array.of(2, 3), new Float32Array(), Float32Array.of(1)],
  );
});

Deno.test("what is large is read in parts, so that little of it is there twice", async () => {
  using gpu = await openDevice();
  const part = 2 ** 23; // elements of 32 MiB
  const large = Float32Array.from({ length: 2 * part + 3 }, (_, i) => i % 1009);
  using a = createTensor(gpu, "a", [large.length], large);
  using b = createTensor(gpu, "b", [2], Float32Array.of(-1, -2));
  const before = gpu.bytes;
  const [readA, readB] = await readFloats(gpu, a, b);
  assertEquals(readA!.findIndex((x, i) => x !== i % 1009), -1);
  assertEquals(readA!.length, large.length);
  assertEquals(readB, Float32Array.of(-1, -2));
  assertEquals([gpu.bytes, gpu.peakBytes - before], [before, 4 * part]);
});

Deno.test("write replaces the first elements and leaves the rest", async () => {
  using gpu = await openDevice();
  using tensor = createTensor(gpu, "numbers", [4], Uint32Array.of(1, 2, 3, 4));
  write(gpu, tensor, Uint32Array.of(9, 8));
  write(gpu, tensor, new Uint32Array());
  assertEquals(await readIntegers(gpu, tensor), [Uint32Array.of(9, 8, 3, 4)]);
});

Deno.test("write takes a part of a larger array", async () => {
  using gpu = await openDevice();
  using tensor = createTensor(gpu, "numbers", [2]);
  write(gpu, tensor, Float32Array.of(1, 2, 3, 4).subarray(1, 3));
  assertEquals(await readFloats(gpu, tensor), [Float32Array.of(2, 3)]);
});

Deno.test("more elements than the shape holds are refused", async () => {
  using gpu = await openDevice();
  using tensor = createTensor(gpu, "numbers", [2, 2]);
  const message = 'Cannot write 5 elements to "numbers" of shape 2 × 2.';
  assertThrows(() => write(gpu, tensor, new Float32Array(5)), GpuError, message);
  // Within what the buffer was padded to, but beyond the shape.
  using small = createTensor(gpu, "small", [1]);
  assertThrows(() => write(gpu, small, new Float32Array(2)), GpuError, '"small"');
});
