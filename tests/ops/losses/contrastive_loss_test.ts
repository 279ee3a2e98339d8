/** The contrast of two views against its formula, and gradients against the formula's differences. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../../src/gpu/tensor.ts";
import { contrastiveLoss } from "../../../src/ops/losses/contrastive_loss.ts";
import { Tape, type Variable } from "../../../src/tape/tape.ts";
import { createRandom } from "../../../src/random.ts";
import {
  assertClose,
  finiteDifferences,
  madeEpoch,
  uniformFloats,
  uploadMade,
} from "../made_epoch.ts";

const random = createRandom(44);

/** The loss of rows a above rows b, of which the first `length` count. */
function contrast(
  rows: ArrayLike<number>,
  { batchSize, width, length, tau }: typeof sizes[number],
): number {
  const row = (r: number) => Array.from(rows).slice(r * width, (r + 1) * width);
  const exponential = (r: number, s: number): number => {
    const other = row(s);
    return Math.exp(row(r).reduce((sum, x, j) => sum + x * other[j]!, 0) / tau);
  };
  let loss = 0;
  for (let i = 0; i < length; i++) {
    let total = 0;
    for (let j = 0; j < length; j++) {
      total += (j === i ? 0 : exponential(i, j)) + exponential(i, batchSize + j);
    }
    loss -= Math.log(exponential(i, batchSize + i) / total + 1e-8) / length;
  }
  return loss;
}

const sizes = [
  { batchSize: 1, width: 1, length: 1, tau: 0.5 },
  { batchSize: 6, width: 5, length: 6, tau: 0.5 },
  { batchSize: 7, width: 4, length: 3, tau: 0.2 },
];

Deno.test("a batch's contrast, whole or partial", async (test) => {
  using gpu = await openDevice();
  for (const each of sizes) {
    await test.step(JSON.stringify(each), async () => {
      const { batchSize, width, length, tau } = each;
      using scratch = new Scratch(gpu);
      const term = { index: 1, count: 3, weight: 0.3 };
      const triples = batchSize + length;
      const epoch = madeEpoch(random, { users: 3, items: 4, triples, batchSize });
      using batches = uploadMade(gpu, epoch, 1, term.count);
      const elements = batchSize * width;
      const data = uniformFloats(random, 2 * elements);
      const differences = finiteDifferences(
        (rows) => term.weight * contrast(rows, each),
        Float64Array.from(data),
      );
      using above = createTensor(gpu, "a", [batchSize, width], data.slice(0, elements));
      using below = createTensor(gpu, "b", [batchSize, width], data.slice(elements));
      for (const constant of [undefined, "a", "b"]) {
        const a: Variable = { value: above, constant: constant === "a" };
        const b: Variable = { value: below, constant: constant === "b" };
        const tape = new Tape(gpu, "contrast", scratch);
        contrastiveLoss(tape, a, b, batches, term, tau);
        tape.backward();
        using program = tape.program;
        program.run();
        const [terms] = await readFloats(gpu, batches.terms);
        assertAlmostEquals(terms![term.count + term.index]!, contrast(data, each), 1e-5);
        for (const [variable, from] of [[a, 0], [b, elements]] as const) {
          assertEquals(variable.gradient === undefined, variable.constant);
          if (!variable.gradient) continue;
          const [gradient] = await readFloats(gpu, variable.gradient);
          assertClose(gradient!, differences.slice(from, from + elements), 1e-5);
        }
      }
    });
  }
});

Deno.test("a sharp contrast neither overflows nor vanishes", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const [batchSize, width] = [4, 2];
  const epoch = madeEpoch(random, { users: 3, items: 4, triples: 4, batchSize });
  using batches = uploadMade(gpu, epoch, 0);
  const angles = [0, 1, 2, 3];
  const views = (turn: number) =>
    Float32Array.from(angles.flatMap((x) => [Math.cos(x + turn), Math.sin(x + turn)]));
  using above = createTensor(gpu, "a", [batchSize, width], views(0));
  using below = createTensor(gpu, "b", [batchSize, width], views(0.01));
  const a: Variable = { value: above };
  const tape = new Tape(gpu, "contrast", scratch);
  contrastiveLoss(
    tape,
    a,
    { value: below },
    batches,
    { index: 0, count: 1, weight: 1 },
    0.01,
  );
  tape.backward();
  using program = tape.program;
  program.run();
  const [terms, gradient] = await readFloats(gpu, batches.terms, a.gradient!);
  assertAlmostEquals(terms![0]!, 0, 1e-6);
  assertEquals(gradient!.every((x) => Math.abs(x) < 1e-6), true);
});

Deno.test("a contrast in several dispatches has the same bits as in one", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const [batchSize, width] = [70, 12];
  const epoch = madeEpoch(random, { users: 3, items: 4, triples: 70, batchSize });
  using batches = uploadMade(gpu, epoch, 0);
  const views = () => uniformFloats(random, batchSize * width);
  using above = createTensor(gpu, "a", [batchSize, width], views());
  using below = createTensor(gpu, "b", [batchSize, width], views());
  const results: Float32Array[][] = [];
  const dispatches: number[] = [];
  for (const limit of [undefined, 40_000, 1]) {
    const a: Variable = { value: above }, b: Variable = { value: below };
    const tape = new Tape(gpu, "contrast", scratch);
    const term = { index: 0, count: 1, weight: 1 };
    contrastiveLoss(tape, a, b, batches, term, 0.5, limit);
    tape.backward();
    using program = tape.program;
    program.run();
    dispatches.push(program.kernels.filter((name) => name.startsWith("contrast_")).length);
    results.push(await readFloats(gpu, batches.terms, a.gradient!, b.gradient!));
  }
  assertEquals(dispatches, [2, 4, 140]);
  assertEquals(results[1], results[0]);
  assertEquals(results[2], results[0]);
});
