/** Products with a neighbour graph, and the gradients of both factors. */
import { assertEquals } from "@std/assert";
import { openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats, write } from "../../../src/gpu/tensor.ts";
import { transposeValues } from "../../../src/ops/learned_graph/neighbour_graph.ts";
import { sampledProduct } from "../../../src/ops/learned_graph/neighbour_cosines.ts";
import { neighbourProduct } from "../../../src/ops/learned_graph/neighbour_product.ts";
import { Tape, type Variable } from "../../../src/tape/tape.ts";
import { createRandom } from "../../../src/random.ts";
import { assertClose, finiteDifferences, uniformFloats } from "../made_epoch.ts";
import { forEntries, madeGraph, uploadGraph } from "../made_graph.ts";

const random = createRandom(34);

Deno.test("S S x, and the gradients of S and x", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const [itemCount, dim] = [5, 4];
  const made = madeGraph(random, { itemCount, modalities: 2, k: 2 });
  using graph = await uploadGraph(gpu, made);
  write(gpu, graph.matrix.value, made.similarity);
  const data = uniformFloats(random, itemCount * dim);
  const weights = uniformFloats(random, itemCount * dim);
  const product = (values: ArrayLike<number>, x: ArrayLike<number>): Float64Array => {
    const result = new Float64Array(itemCount * dim);
    forEntries(made, (entry, row) => {
      for (let c = 0; c < dim; c++) {
        result[row * dim + c]! += values[entry]! * x[made.column[entry]! * dim + c]!;
      }
    });
    return result;
  };
  const twice = (values: ArrayLike<number>, x: ArrayLike<number>) =>
    product(values, product(values, x));
  const weighted = (values: ArrayLike<number>, x: ArrayLike<number>): number =>
    twice(values, x).reduce((sum, y, i) => sum + weights[i]! * y, 0);
  using value = createTensor(gpu, "x", [itemCount, dim], data);
  using gradient = createTensor(gpu, "gradient", [itemCount, dim], weights);
  const values: Variable = { value: graph.matrix.value }, x: Variable = { value };
  const tape = new Tape(gpu, "product", scratch);
  transposeValues(tape, graph);
  const output = neighbourProduct(tape, graph, values, neighbourProduct(tape, graph, values, x));
  using program = tape.program;
  program.run();
  const [y] = await readFloats(gpu, output.value);
  assertClose(y!, twice(made.similarity, data));
  output.gradient = gradient;
  tape.backward();
  program.run();
  const [ofValues, ofX] = await readFloats(gpu, values.gradient!, x.gradient!);
  const at = (numbers: Float32Array) => Float64Array.from(numbers);
  assertClose(ofValues!, finiteDifferences((s) => weighted(s, data), at(made.similarity)));
  assertClose(ofX!, finiteDifferences((e) => weighted(made.similarity, e), at(data)));
});

Deno.test("inner products in several dispatches have the same bits as in one", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const [itemCount, dim] = [50, 12];
  using graph = await uploadGraph(gpu, madeGraph(random, { itemCount, modalities: 2, k: 3 }));
  const matrix = () => uniformFloats(random, itemCount * dim);
  using a = createTensor(gpu, "a", [itemCount, dim], matrix());
  using b = createTensor(gpu, "b", [itemCount, dim], matrix());
  const initial = uniformFloats(random, itemCount * graph.degree);
  const results: Float32Array[] = [];
  for (const limit of [undefined, 3000, 1]) {
    using output = createTensor(gpu, "products", [itemCount, graph.degree], initial);
    const tape = new Tape(gpu, "products", scratch);
    const block = { first: 0, count: graph.degree };
    sampledProduct(tape, graph, block, { a, b, output }, true, limit);
    using program = tape.program;
    assertEquals(program.commands.length > 1, limit !== undefined);
    program.run();
    results.push(...await readFloats(gpu, output));
  }
  assertEquals(results[1], results[0]);
  assertEquals(results[2], results[0]);
});
