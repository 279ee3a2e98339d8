import { assertEquals } from "@std/assert";
import { embeddings } from "../../src/evaluation/embeddings.ts";
import { openDevice } from "../../src/gpu/device.ts";
import { readFloats, write } from "../../src/gpu/tensor.ts";
import { lightgcn } from "../../src/models/lightgcn.ts";
import { builtModel } from "../../src/models/model.ts";
import { patternOf } from "../../src/sparse/csr.ts";
import { trainOnly } from "../../scripts/bench/generated_graph.ts";

const dataset = trainOnly("made", patternOf(2, 3, [[0, 1], [1, 0], [1, 1]]));

Deno.test("embeddings are what ranks, users and items apart", async () => {
  using gpu = await openDevice();
  const settings = { dim: 4, layers: 1, regWeight: 0, seed: 1 };
  using model = builtModel(await lightgcn.create(gpu, dataset, settings));
  const raw = Float32Array.from({ length: 5 * 4 }, (_, at) => at);
  write(gpu, model.parameters.embeddings!, raw);
  const waits = gpu.waits;
  const { users, items, dim } = await embeddings(model);
  assertEquals(gpu.waits, waits + 1);
  assertEquals([users.length, items.length, dim], [2 * 4, 3 * 4, 4]);
  // Item 2 has no interaction: of its two layers, the second is zero.
  assertEquals([...items.subarray(8)], [...raw.subarray(16)].map((x) => x / 2));
  // User 0 has item 1 alone, which has two users: (x + y / √2) / 2.
  assertEquals(
    [...users.subarray(0, 4)].map((x) => x.toFixed(5)),
    [0, 1, 2, 3].map((j) => ((raw[j]! + raw[12 + j]! / Math.sqrt(2)) / 2).toFixed(5)),
  );
  assertEquals((await readFloats(gpu, model.parameters.embeddings!))[0], raw);
});
