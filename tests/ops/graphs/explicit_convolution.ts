/** What a stepwise convolution stands for, in f64, over random graphs. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { layerWeights } from "../../../src/ops/graphs/layer_weights.ts";
import { createRandom, uniformBelow, uniformReal } from "../../../src/random.ts";
import { patternOf, type SparseMatrix } from "../../../src/sparse/csr.ts";
import { interactionGraph } from "../../../src/sparse/graphs.ts";

/** Of all random input. */
export const random = createRandom(11);
/** Uniform in [−1, 1). */
export const floats = (length: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length }, () => 2 * uniformReal(random) - 1);

/** The graph of random interactions; every third user, and some items, have none. */
export function randomGraph(users: number, items: number): SparseMatrix {
  const pairs = Array.from({ length: users }, (_, user) => {
    const count = user % 3 === 0 ? 0 : 1 + uniformBelow(random, 5);
    const own = Array.from({ length: count }, () => uniformBelow(random, items));
    return [...new Set(own)].map((item) => [user, item] as const);
  });
  return interactionGraph(patternOf(users, items, pairs.flat()));
}

/** A x, column by column. */
function multiply(
  { rowCount, rowStart, column, value }: SparseMatrix,
  x: Float64Array,
  dim: number,
): Float64Array {
  const product = new Float64Array(x.length);
  for (let row = 0; row < rowCount; row++) {
    for (let entry = rowStart[row]!; entry < rowStart[row + 1]!; entry++) {
      for (let j = 0; j < dim; j++) {
        product[row * dim + j]! += value[entry]! * x[column[entry]! * dim + j]!;
      }
    }
  }
  return product;
}

/** Σ_l α_l ⊙ A^l E, term by term. */
export function explicitSum(
  graph: SparseMatrix,
  embeddings: Float64Array,
  ratios: Float64Array,
  layers: number,
): Float64Array {
  const dim = ratios.length;
  const weights = Array.from(ratios, (beta) => layerWeights(beta, layers));
  const sum = new Float64Array(embeddings.length);
  let power = embeddings;
  for (let layer = 0; layer <= layers; layer++) {
    for (let i = 0; i < sum.length; i++) sum[i]! += weights[i % dim]![layer]! * power[i]!;
    power = multiply(graph, power, dim);
  }
  return sum;
}

/** Up to the rounding of f32. */
export function assertClose(actual: Float32Array, expected: Float64Array): void {
  assertEquals(actual.length, expected.length);
  const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  expected.forEach((x, i) => assertAlmostEquals(actual[i]!, x, 2e-6 * largest, `entry ${i}`));
}

/** Ratios of LightGCN: all layers count alike. */
export const lightGcn = (dim: number): Float64Array => new Float64Array(dim).fill(1);
