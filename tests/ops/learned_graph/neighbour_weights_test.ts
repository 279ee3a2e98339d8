/** Mixing and normalising a neighbour graph, and the gradients. */
import { assertEquals } from "@std/assert";
import { openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../../src/gpu/tensor.ts";
import { neighbourWeights } from "../../../src/ops/learned_graph/neighbour_weights.ts";
import { Tape, type Variable } from "../../../src/tape/tape.ts";
import { createRandom } from "../../../src/random.ts";
import { assertClose, finiteDifferences, uniformFloats } from "../made_epoch.ts";
import { forEntries, type MadeGraph, madeGraph, uploadGraph } from "../made_graph.ts";

const random = createRandom(33);

/** (1 − λ) D^−½ (Σ a C) D^−½ + λ Σ a F, entry by entry. */
function mixed(
  made: MadeGraph,
  similarity: ArrayLike<number>,
  share: ArrayLike<number>,
  lambda: number,
): Float64Array {
  const sums = new Float64Array(made.itemCount);
  forEntries(made, (entry, row, modality, learned) => {
    if (learned) sums[row]! += share[modality]! * similarity[entry]!;
  });
  const scale = sums.map((sum) => sum > 0 ? 1 / Math.sqrt(sum) : 0);
  const values = new Float64Array(made.column.length);
  forEntries(made, (entry, row, modality, learned) => {
    const value = share[modality]! * similarity[entry]!;
    values[entry] = learned
      ? (1 - lambda) * value * scale[row]! * scale[made.column[entry]!]!
      : lambda * value;
  });
  return values;
}

for (const modalities of [1, 2, 3]) {
  Deno.test(`entries and gradients with ${modalities} modalities`, async () => {
    using gpu = await openDevice();
    using scratch = new Scratch(gpu);
    const lambda = 0.7;
    const made = madeGraph(random, { itemCount: 6, modalities, k: 2 });
    using graph = await uploadGraph(gpu, made);
    const shares = uniformFloats(random, modalities).map((x) => 1.5 + x);
    const weights = uniformFloats(random, made.column.length);
    const weighted = (similarity: ArrayLike<number>, share: ArrayLike<number>): number =>
      mixed(made, similarity, share, lambda)
        .reduce((sum, value, entry) => sum + weights[entry]! * value, 0);
    using value = createTensor(gpu, "shares", [modalities], shares);
    using gradient = createTensor(gpu, "gradient", [6, graph.degree], weights);
    const similarity: Variable = { value: graph.similarity };
    const share: Variable = { value };
    const tape = new Tape(gpu, "weights", scratch);
    const output = neighbourWeights(tape, graph, similarity, share, lambda);
    output.gradient = gradient;
    tape.backward();
    using program = tape.program;
    program.run();
    const [values, ofSimilarity, ofShare] = await readFloats(
      gpu,
      graph.matrix.value,
      similarity.gradient!,
      share.gradient!,
    );
    assertClose(values!, mixed(made, made.similarity, shares, lambda));
    const at = (x: Float32Array) => Float64Array.from(x);
    assertClose(
      ofSimilarity!,
      finiteDifferences((x) => weighted(x, shares), at(made.similarity)),
    );
    assertClose(ofShare!, finiteDifferences((a) => weighted(made.similarity, a), at(shares)));
  });
}

Deno.test("rows and columns without a sum above 0 are left out", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const made = madeGraph(random, { itemCount: 5, modalities: 1, k: 2 });
  made.similarity.fill(0, 4, 6); // item 1's learned entries
  made.similarity.fill(-1, 8, 10); // item 2's
  using graph = await uploadGraph(gpu, made);
  using share = createTensor(gpu, "share", [1], Float32Array.of(1));
  using gradient = createTensor(gpu, "gradient", [5, 4], new Float32Array(20).fill(1));
  const similarity: Variable = { value: graph.similarity };
  const tape = new Tape(gpu, "weights", scratch);
  const constant = { value: share, constant: true };
  const output = neighbourWeights(tape, graph, similarity, constant, 0.5);
  output.gradient = gradient;
  tape.backward();
  using program = tape.program;
  program.run();
  const [values, gradients] = await readFloats(gpu, output.value, similarity.gradient!);
  assertClose(values!, mixed(made, made.similarity, [1], 0.5));
  assertEquals(Array.from(values!.subarray(4, 6)), [0, 0]);
  assertEquals(gradients!.every(Number.isFinite), true);
});
