/** Inner products along a neighbour graph, and their gradients. */
import { assertEquals } from "@std/assert";
import { openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../../src/gpu/tensor.ts";
import { neighbourCosines } from "../../../src/ops/learned_graph/neighbour_cosines.ts";
import { Tape, type Variable } from "../../../src/tape/tape.ts";
import { createRandom } from "../../../src/random.ts";
import { assertClose, finiteDifferences, uniformFloats } from "../made_epoch.ts";
import { forEntries, inner, madeGraph, uploadGraph } from "../made_graph.ts";

const random = createRandom(32);

Deno.test("learned entries are inner products, fixed ones stay; gradients equal differences", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const dim = 8;
  const made = madeGraph(random, { itemCount: 7, modalities: 2, k: 3 });
  using graph = await uploadGraph(gpu, made);
  const data = Array.from({ length: 2 }, () => uniformFloats(random, 7 * dim));
  const weights = uniformFloats(random, made.column.length);
  const entries = (xs: readonly ArrayLike<number>[]): Float64Array => {
    const result = Float64Array.from(made.similarity);
    forEntries(made, (entry, row, modality, learned) => {
      if (learned) {
        result[entry] = inner(xs[modality]!, row, xs[modality]!, made.column[entry]!, dim);
      }
    });
    return result;
  };
  const weighted = (xs: readonly ArrayLike<number>[]): number =>
    entries(xs).reduce((sum, entry, place) => sum + weights[place]! * entry, 0);
  using resources = new DisposableStack();
  const xs = data.map((x): Variable => ({
    value: resources.use(createTensor(gpu, "x", [7, dim], x)),
  }));
  const tape = new Tape(gpu, "cosines", scratch);
  const output = neighbourCosines(tape, graph, xs);
  output.gradient = resources.use(createTensor(gpu, "gradient", [7, 12], weights));
  tape.backward();
  using program = tape.program;
  program.run();
  const [values, ...gradients] = await readFloats(
    gpu,
    output.value,
    ...xs.map(({ gradient }) => gradient!),
  );
  assertClose(values!, entries(data));
  gradients.forEach((gradient, modality) => {
    const f = (x: Float64Array) =>
      weighted(data.map((other, index) => index === modality ? x : other));
    assertClose(gradient, finiteDifferences(f, Float64Array.from(data[modality]!)));
  });
});

Deno.test("constants get no gradient", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  using graph = await uploadGraph(gpu, madeGraph(random, { itemCount: 3, modalities: 1, k: 2 }));
  using value = createTensor(gpu, "x", [3, 4]);
  const tape = new Tape(gpu, "cosines", scratch);
  const output = neighbourCosines(tape, graph, [{ value, constant: true }]);
  tape.backward();
  using program = tape.program;
  assertEquals(output.constant, true);
  assertEquals(program.kernels, ["sampled_product"]);
});
