/** Graphs that take the place of others. */
import { assertThrows } from "@std/assert";
import { GpuError, openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../../src/gpu/tensor.ts";
import {
  convolve,
  createStepwiseConvolution,
  replaceGraph,
} from "../../../src/ops/graphs/stepwise_convolution.ts";
import { patternOf } from "../../../src/sparse/csr.ts";
import { interactionGraph } from "../../../src/sparse/graphs.ts";
import { Tape } from "../../../src/tape/tape.ts";
import { bothGathers, inBothWays } from "../../gpu/gather/both_gathers.ts";
import { assertClose, explicitSum, floats, lightGcn, randomGraph } from "./explicit_convolution.ts";

Deno.test("another graph takes the place of the first, wherever it is gathered from", async (test) => {
  using opened = await openDevice();
  const dim = 8, layers = 2, ratios = lightGcn(dim);
  const sizes = [
    { users: 9, items: 7 },
    { users: 4000, items: 300 }, // several lines of an image
  ];
  for (const { users, items, from, gpu } of inBothWays(opened, sizes)) {
    await test.step(`${users} × ${items} from ${from}`, async () => {
      const graphs = [randomGraph(users, items), randomGraph(users, items)];
      const [longer, shorter] = graphs.sort((a, b) => b.column.length - a.column.length);
      const rows = longer!.rowCount;
      const values = floats(rows * dim);
      using scratch = new Scratch(gpu);
      using convolution = createStepwiseConvolution(gpu, "graph", longer!, ratios, layers, rows);
      using input = createTensor(gpu, "embeddings", [rows, dim], values);
      const tape = new Tape(gpu, "forward", scratch);
      const output = convolve(tape, convolution, input);
      using program = tape.program;
      replaceGraph(convolution, shorter!);
      program.run();
      const [h] = await readFloats(gpu, output);
      assertClose(h!, explicitSum(shorter!, Float64Array.from(values), ratios, layers));
    });
  }
});

Deno.test("a graph that is too large for the place of another is refused", async (test) => {
  using opened = await openDevice();
  const graphOf = (pairs: number) =>
    interactionGraph(patternOf(3, 4, Array.from({ length: pairs }, (_, i) => [i % 3, i >> 1])));
  for (const { from, gpu } of bothGathers(opened)) {
    await test.step(`from ${from}`, () => {
      using wide = createStepwiseConvolution(gpu, "graph", graphOf(2), lightGcn(4), 1, 9);
      assertThrows(() => replaceGraph(wide, graphOf(8)), GpuError);
      using narrow = createStepwiseConvolution(gpu, "graph", graphOf(8), lightGcn(4), 1, 1);
      const message = "A row has 3 entries, and at most 1 may.";
      assertThrows(() => replaceGraph(narrow, graphOf(8)), GpuError, message);
    });
  }
});
