import { assert, assertEquals } from "@std/assert";
import { textFeatures } from "../../../scripts/encode/text.ts";
import { openDevice } from "../../../src/gpu/device.ts";

Deno.test("the nearest text is the most similar one, and runs agree bit for bit", async () => {
  using gpu = await openDevice();
  const texts = [
    "red steel kettle for tea",
    "blue steel kettle for tea",
    "cotton shirt slim fit",
    "merino shirt slim fit",
  ];
  const dims = 3;
  const features = await textFeatures(gpu, texts, dims);
  assertEquals(features, await textFeatures(gpu, texts, dims));
  const rows = texts.map((_, row) => [...features.subarray(row * dims, (row + 1) * dims)]);
  const dot = (a: number, b: number) =>
    rows[a]!.reduce((sum, entry, dim) => sum + entry * rows[b]![dim]!, 0);
  assert(dot(0, 1) > dot(0, 2) && dot(0, 1) > dot(0, 3));
  assert(dot(2, 3) > dot(2, 0) && dot(2, 3) > dot(2, 1));
});
