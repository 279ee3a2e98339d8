/** LightGCN-SSC and JGCF-SSC; their numbers are checked by tests/golden. */
import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { openDevice } from "../../src/gpu/device.ts";
import { InputError } from "../../src/input_error.ts";
import { models } from "../../src/models/registry.ts";
import { shiftedSteps } from "../../src/models/ssc/spectrum_shift.ts";
import { patternOf } from "../../src/sparse/csr.ts";
import { interactionGraph, toDense } from "../../src/sparse/graphs.ts";
import { jointGraph } from "../../src/sparse/joint_graph.ts";
import { madeDataset } from "../training/made_dataset.ts";
import { assertTrains } from "./model_runs.ts";

for (const kind of ["lightgcn_ssc", "jgcf_ssc"]) {
  Deno.test(`${kind} learns`, () => assertTrains(kind, { dim: 8, neighbors: 4 }));
}

const train = patternOf(2, 3, [[0, 0], [1, 0], [1, 2]]);

Deno.test("without neighbours the joint graph is that of the interactions", () => {
  assertEquals(jointGraph(train, [], []), interactionGraph(train));
});

Deno.test("similar items are linked both ways, each with itself, by the modality's weight", () => {
  // Item 1 lists 0, item 0 lists 1, item 2 lists 0.
  const dense = toDense(jointGraph(train, [{ ids: Uint32Array.of(1, 0, 0), k: 1 }], [0.5]));
  // Degrees: users 1 and 2; items 2 + 0.5 · 3, 0.5 · 2, 1 + 0.5 · 2.
  const degrees = [1, 2, 3.5, 1, 2];
  const w = [
    [0, 0, 1, 0, 0],
    [0, 0, 1, 0, 1],
    [1, 1, 0.5, 0.5, 0.5],
    [0, 0, 0.5, 0.5, 0],
    [0, 1, 0.5, 0, 0.5],
  ];
  w.forEach((row, r) =>
    row.forEach((x, c) =>
      assertAlmostEquals(dense[r * 5 + c]!, x / Math.sqrt(degrees[r]! * degrees[c]!), 1e-6)
    )
  );
});

Deno.test("a step in the shifted graph is one in the graph", () => {
  const [step] = shiftedSteps([{ product: 3, own: 0.5, earlier: -1 }], { shift: 0.1, scale: 2 });
  assertAlmostEquals(step!.product, 1.5);
  assertAlmostEquals(step!.own, 0.35);
  assertEquals(step!.earlier, -1);
});

Deno.test("a dataset without modalities is refused, unless no neighbours are asked for", async () => {
  using gpu = await openDevice();
  const plain = { ...madeDataset(), modalities: [] };
  await assertRejects(
    () => models.lightgcn_ssc.create(gpu, plain),
    InputError,
    "SSC needs features or neighbours of items, but made has none.",
  );
  using _ = await models.lightgcn_ssc.create(gpu, plain, { neighbors: 0 });
});
