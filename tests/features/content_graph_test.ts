/** What is alike in a modality, from lists and from features. */
import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { buildDataset } from "../../src/data/dataset.ts";
import { contentGraph, mixedContent } from "../../src/features/content_graph.ts";
import { openDevice } from "../../src/gpu/device.ts";
import { InputError } from "../../src/input_error.ts";
import { toDense } from "../../src/sparse/graphs.ts";
import { sumOfEntries } from "../../src/sparse/matrix_sums.ts";

const interactions = { user: [0, 0, 0, 0], item: [0, 1, 2, 3], split: [0, 0, 1, 2] };
const values = Float32Array.of(1, 0, 1, 1, 0, 1, -1, 0);
const half = Math.SQRT1_2;

/** Four items at 0, 45, 90 and 180 degrees: all cosines of each with the others. */
const cosines = [[0, half, 0, -1], [half, 0, half, -half], [0, half, 0, 0], [-1, -half, 0, 0]];
const pairs = [0, 1, 2, 3].flatMap((i) => [0, 1, 2, 3].map((j) => [i, j]))
  .filter(([i, j]) => i !== j);
const lists = {
  item: pairs.map(([i]) => i!),
  neighbour: pairs.map(([, j]) => j!),
  cosine: pairs.map(([i, j]) => cosines[i!]![j!]!),
};

Deno.test("T is the normalised sum of cosines above 0, from lists and from features", async () => {
  using gpu = await openDevice();
  const parts = { name: "four", interactions };
  const byFeatures = buildDataset({ ...parts, features: { text: { values, width: 2 } } });
  const byLists = buildDataset({ ...parts, neighbours: { text: lists } });
  // Each cosine is listed both ways; items 0 and 2 have one neighbour, item 1 has both, item 3 none.
  const t = 2 * half / Math.sqrt(2 * half * 4 * half);
  const expected = [0, t, 0, 0, t, 0, t, 0, 0, t, 0, 0, 0, 0, 0, 0];
  for (const { modalities } of [byFeatures, byLists]) {
    const graph = await contentGraph(gpu, modalities[0]!, 4);
    toDense(graph).forEach((entry, at) => assertAlmostEquals(entry, expected[at]!, 1e-6));
  }
});

Deno.test("modalities are mixed by weights, each to the same sum where one is given", async () => {
  using gpu = await openDevice();
  const two = { text: { values, width: 2 }, image: { values: values.slice().reverse(), width: 2 } };
  const data = buildDataset({ name: "four", interactions, features: two });
  assertEquals(await mixedContent(gpu, data, {}), undefined);
  assertEquals(await mixedContent(gpu, data, { text: 0 }), undefined);
  const mix = await mixedContent(gpu, data, { text: 0.5, image: 0.25 }, {}, 8);
  assertAlmostEquals(sumOfEntries(mix!), 6, 1e-5);
  await assertRejects(
    () => mixedContent(gpu, data, { sound: 1 }),
    InputError,
    'content names "sound", but four has text, image.',
  );
});
