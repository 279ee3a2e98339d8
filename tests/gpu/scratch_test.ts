import { assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { openDevice } from "../../src/gpu/device.ts";
import { Scratch } from "../../src/gpu/scratch.ts";
import { createTensor } from "../../src/gpu/tensor.ts";

Deno.test("released memory is handed out again for as many elements, under the new name", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const first = scratch.take("first", [6, 4]);
  scratch.release(first);
  const again = scratch.take("again", [3, 8]);
  assertStrictEquals(again.buffer, first.buffer);
  assertEquals([again.label, again.shape], ["again", [3, 8]]);
  assertEquals(gpu.bytes, 96);
});

Deno.test("memory in use, or of another size, is not handed out", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const first = scratch.take("first", [8]);
  const second = scratch.take("second", [8]);
  assertNotStrictEquals(second.buffer, first.buffer);
  scratch.release(first);
  assertNotStrictEquals(scratch.take("smaller", [4]).buffer, first.buffer);
  assertNotStrictEquals(scratch.take("larger", [12]).buffer, first.buffer);
  assertStrictEquals(scratch.take("equal", [8]).buffer, first.buffer);
});

Deno.test("releasing twice is harmless, also under a later name", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const first = scratch.take("first", [8]);
  scratch.release(first);
  const renamed = scratch.take("renamed", [8]);
  scratch.release(renamed);
  scratch.release(renamed);
  scratch.release(first);
  const taken = [scratch.take("a", [8]), scratch.take("b", [8])];
  assertNotStrictEquals(taken[0]!.buffer, taken[1]!.buffer);
});

Deno.test("foreign tensors are neither pooled nor destroyed", async () => {
  using gpu = await openDevice();
  using foreign = createTensor(gpu, "foreign", [8]);
  {
    using scratch = new Scratch(gpu);
    scratch.release(foreign);
    assertNotStrictEquals(scratch.take("own", [8]).buffer, foreign.buffer);
  }
  assertEquals(gpu.bytes, 32);
});

Deno.test("disposing releases everything, taken or given back, once", async () => {
  using gpu = await openDevice();
  const scratch = new Scratch(gpu);
  scratch.release(scratch.take("given back", [16]));
  scratch.take("taken", [32]);
  assertEquals(gpu.bytes, 192);
  scratch[Symbol.dispose]();
  scratch[Symbol.dispose]();
  assertEquals([gpu.bytes, gpu.peakBytes], [0, 192]);
});
