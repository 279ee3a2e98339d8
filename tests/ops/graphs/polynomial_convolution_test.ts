/** The convolution and its adjoint against the polynomials themselves, made one after the other in f64. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../../src/gpu/tensor.ts";
import { recordEnding, storedIn } from "../../../src/tape/ending.ts";
import {
  polynomialConvolution,
  type RecurrenceStep,
} from "../../../src/ops/graphs/polynomial_convolution.ts";
import { uploadSparse } from "../../../src/ops/graphs/packed_matrix.ts";
import { Tape, type Variable } from "../../../src/tape/tape.ts";
import { createRandom, uniformBelow, uniformReal } from "../../../src/random.ts";
import { patternOf, type SparseMatrix } from "../../../src/sparse/csr.ts";
import { interactionGraph } from "../../../src/sparse/graphs.ts";
import { assertClose, uniformFloats } from "../made_epoch.ts";

const random = createRandom(26);

/** The graph of random interactions; every third user, and some items, have none. */
function randomGraph(users: number, items: number): SparseMatrix {
  const pairs = Array.from({ length: users }, (_, user) => {
    const count = user % 3 === 0 ? 0 : 1 + uniformBelow(random, 5);
    const own = Array.from({ length: count }, () => uniformBelow(random, items));
    return [...new Set(own)].map((item) => [user, item] as const);
  });
  return interactionGraph(patternOf(users, items, pairs.flat()));
}

const randomSteps = (degree: number): RecurrenceStep[] =>
  Array.from({ length: degree }, () => {
    const [product, own, earlier] = [0, 1, 2].map(() => 2 * uniformReal(random) - 1);
    return { product: product!, own: own!, earlier: earlier! };
  });

/** The mean of P_0(A) E … P_K(A) E, upwards. */
function expectedMean(
  { rowCount, rowStart, column, value }: SparseMatrix,
  steps: readonly RecurrenceStep[],
  e: Float64Array,
): Float64Array {
  const dim = e.length / rowCount;
  const sum = e.slice();
  let before: Float64Array = e.map(() => 0), last = e;
  for (const { product, own, earlier } of steps) {
    const next = e.map((_, i) => own * last[i]! + earlier * before[i]!);
    for (let row = 0; row < rowCount; row++) {
      for (let entry = rowStart[row]!; entry < rowStart[row + 1]!; entry++) {
        for (let j = 0; j < dim; j++) {
          next[row * dim + j]! += product * value[entry]! * last[column[entry]! * dim + j]!;
        }
      }
    }
    before = last;
    last = next;
    next.forEach((x, i) => sum[i]! += x);
  }
  return sum.map((x) => x / (steps.length + 1));
}

Deno.test("the convolution is the mean of the polynomials, and so is its adjoint", async (test) => {
  using gpu = await openDevice();
  const cases = [[1, 4], [2, 12], [3, 64], [5, 20], [4, 256]] as const;
  for (const [degree, dim] of cases) {
    await test.step(`degree ${degree}, dim ${dim}`, async () => {
      const graph = randomGraph(21, 17), steps = randomSteps(degree);
      const shape = [graph.rowCount, dim];
      const embeddings = uniformFloats(random, graph.rowCount * dim);
      const given = uniformFloats(random, graph.rowCount * dim);
      using scratch = new Scratch(gpu);
      using adjacency = uploadSparse(gpu, "graph", graph);
      using value = createTensor(gpu, "embeddings", shape, embeddings);
      using gradient = createTensor(gpu, "dLoss/dH", shape, given);
      using kept = createTensor(gpu, "H", shape);
      const input: Variable = { value };
      const tape = new Tape(gpu, "there and back", scratch);
      const h = polynomialConvolution(tape, adjacency, steps, input);
      // The adjoint passes take over the memory of the result.
      recordEnding(tape.program, h.value, storedIn(kept));
      h.gradient = gradient;
      tape.backward();
      using program = tape.program;
      program.run();
      const [forward, adjoint] = await readFloats(gpu, kept, input.gradient!);
      assertClose(forward!, expectedMean(graph, steps, Float64Array.from(embeddings)));
      assertClose(adjoint!, expectedMean(graph, steps, Float64Array.from(given)));
    });
  }
});

Deno.test("of degree 0 it is the input itself, and of a constant it has no adjoint", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  using graph = uploadSparse(gpu, "graph", randomGraph(3, 4));
  using value = createTensor(gpu, "embeddings", [7, 8]);
  const tape = new Tape(gpu, "forward", scratch);
  const input: Variable = { value }, constant: Variable = { value, constant: true };
  assertStrictEquals(polynomialConvolution(tape, graph, [], input), input);
  assertEquals(tape.program.kernels, []);
  const h = polynomialConvolution(tape, graph, randomSteps(2), constant);
  h.gradient = tape.take("dLoss/dH", [7, 8]);
  polynomialConvolution(tape, graph, randomSteps(2), input); // used by nothing
  tape.backward();
  using program = tape.program;
  assertEquals(program.kernels.map((name) => name.split(":")[0]), new Array(4).fill("gather"));
  assertEquals([h.constant, constant.gradient, input.gradient], [true, undefined, undefined]);
});
