/** The mean of a logistic function against its formula, and its gradient against differences. */
import { assertAlmostEquals } from "@std/assert";
import { openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../../src/gpu/tensor.ts";
import { meanSigmoid } from "../../../src/ops/losses/mean_sigmoid.ts";
import { Tape, type Variable } from "../../../src/tape/tape.ts";
import { createRandom } from "../../../src/random.ts";
import {
  assertClose,
  finiteDifferences,
  madeEpoch,
  uniformFloats,
  uploadMade,
} from "../made_epoch.ts";

const random = createRandom(43);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Two blocks of a batch of 5, of which the current one fills `length`. */
const BLOCKS = 2, BATCH = 5;
const made = (length: number) =>
  madeEpoch(random, { users: 3, items: 4, triples: BATCH + length, batchSize: BATCH });

Deno.test("the mean over the rows that count is a term of the loss", async (test) => {
  using gpu = await openDevice();
  for (const length of [BATCH, 2]) {
    await test.step(`${length} of ${BATCH}`, async () => {
      using scratch = new Scratch(gpu);
      const term = { index: 1, count: 3, weight: -0.3 };
      using batches = uploadMade(gpu, made(length), 1, term.count);
      const data = uniformFloats(random, BLOCKS * BATCH).map((x) => 5 * x);
      const mean = (x: ArrayLike<number>): number => {
        const counting = Array.from(x).filter((_, r) => r % BATCH < length);
        return 100 * counting.reduce((sum, each) => sum + sigmoid(each), 0) / counting.length;
      };
      using value = createTensor(gpu, "x", [BLOCKS * BATCH, 1], data);
      const x: Variable = { value };
      const tape = new Tape(gpu, "mean", scratch);
      meanSigmoid(tape, x, batches, term, 100);
      tape.backward();
      using program = tape.program;
      program.run();
      const [terms, gradient] = await readFloats(gpu, batches.terms, x.gradient!);
      assertAlmostEquals(terms![term.count + term.index]!, mean(data), 1e-4);
      const differences = finiteDifferences(mean, Float64Array.from(data));
      assertClose(gradient!, differences.map((d) => term.weight * d));
    });
  }
});

Deno.test("far out everything is finite", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  using batches = uploadMade(gpu, made(BATCH), 1);
  const far = [0, 1e4, -1e4, 90, -90, 20, -20, 1e38, -1e38, 1];
  using value = createTensor(gpu, "x", [far.length, 1], Float32Array.from(far));
  const x: Variable = { value };
  const tape = new Tape(gpu, "far", scratch);
  meanSigmoid(tape, x, batches, { index: 0, count: 1, weight: 1 }, 100);
  tape.backward();
  using program = tape.program;
  program.run();
  const [terms, gradient] = await readFloats(gpu, batches.terms, x.gradient!);
  const mean = far.reduce((sum, each) => sum + 100 * sigmoid(each), 0) / far.length;
  assertAlmostEquals(terms![1]!, mean, 1e-4);
  assertClose(gradient!, far.map((each) => 100 * sigmoid(each) * sigmoid(-each) / far.length));
});
