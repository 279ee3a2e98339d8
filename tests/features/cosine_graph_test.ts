/** Normalised cosines of the nearest items against a dense computation. */
import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { featuresOf } from "../../src/data/features.ts";
import { similarItems } from "../../src/features/cosine_graph.ts";
import { openDevice } from "../../src/gpu/device.ts";
import { InputError } from "../../src/input_error.ts";
import { createRandom, uniformReal } from "../../src/random.ts";

const ITEMS = 9, WIDTH = 5, K = 3;

Deno.test("the k nearest, itself first, normalised by row sums on both sides", async () => {
  using gpu = await openDevice();
  const random = createRandom(6);
  const values = Float32Array.from({ length: ITEMS * WIDTH }, () => uniformReal(random) - 0.3);
  values.fill(0, 4 * WIDTH, 5 * WIDTH); // an item without features
  const cosine = (i: number, j: number): number => {
    const row = (r: number) => Array.from(values.subarray(r * WIDTH, (r + 1) * WIDTH));
    const product = (a: number[], b: number[]) => a.reduce((sum, x, c) => sum + x * b[c]!, 0);
    const [a, b] = [row(i), row(j)];
    const lengths = Math.sqrt(product(a, a) * product(b, b));
    return lengths > 0 ? product(a, b) / lengths : 0;
  };
  const features = featuresOf(values, WIDTH, "made");
  const { ids, values: entries } = await similarItems(gpu, features, values, K);
  const lists = Array.from({ length: ITEMS }, (_, i) => Array.from(ids.slice(i * K, (i + 1) * K)));
  const scales = lists.map((list, i) => {
    const sum = list.reduce((total, j) => total + cosine(i, j), 0);
    return sum > 0 ? 1 / Math.sqrt(sum) : 0;
  });
  lists.forEach((list, i) => {
    assertEquals(list[0], i);
    const others = Array.from({ length: ITEMS }, (_, j) => j).filter((j) => j !== i);
    others.sort((a, b) => cosine(i, b) - cosine(i, a) || a - b);
    assertEquals(list.slice(1), others.slice(0, K - 1));
    list.forEach((j, s) =>
      assertAlmostEquals(entries[i * K + s]!, cosine(i, j) * scales[i]! * scales[j]!, 1e-6)
    );
  });
  await assertRejects(() => similarItems(gpu, features, values, 10), InputError, "10 neighbours");
});
