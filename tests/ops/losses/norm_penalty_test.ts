/** Penalties on norms against their formula, and gradients against its differences. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../../src/gpu/tensor.ts";
import { normPenalty, normPenaltyOfBatch } from "../../../src/ops/losses/norm_penalty.ts";
import { Tape, type Variable } from "../../../src/tape/tape.ts";
import { createRandom } from "../../../src/random.ts";
import {
  assertClose,
  batchOf,
  finiteDifferences,
  madeEpoch,
  uniformFloats,
  uploadMade,
} from "../made_epoch.ts";

const random = createRandom(22);
const term = { index: 1, count: 3, weight: 0.3 };

const sumOfNorms = (parts: readonly (readonly number[])[]): number =>
  parts.reduce((sum, part) => sum + Math.sqrt(part.reduce((s, x) => s + x * x, 0)), 0);

Deno.test("norms of stretches of rows, divided by a number", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const epoch = madeEpoch(random, { users: 2, items: 2, triples: 5, batchSize: 2 });
  using batches = uploadMade(gpu, epoch, 1, term.count);
  const [rows, width, divisor] = [60, 7, 5];
  const data = uniformFloats(random, rows * width);
  data.fill(0, 40 * width); // the last range has no norm, and no gradient
  const ranges = [
    { firstRow: 0, rowCount: 1 },
    { firstRow: 3, rowCount: 30 },
    { firstRow: 41, rowCount: 12 },
  ];
  const penalty = (x: ArrayLike<number>): number =>
    sumOfNorms(
      ranges.map(({ firstRow, rowCount }) =>
        Array.from(x).slice(firstRow * width, (firstRow + rowCount) * width)
      ),
    ) / divisor;
  using value = createTensor(gpu, "x", [rows, width], data);
  const x: Variable = { value };
  const tape = new Tape(gpu, "penalty", scratch);
  normPenalty(tape, x, ranges, batches, term, { divisor });
  tape.backward();
  using program = tape.program;
  program.run();
  const [terms, gradient] = await readFloats(gpu, batches.terms, x.gradient!);
  assertAlmostEquals(terms![term.count + term.index]!, penalty(data), 1e-6);
  const differences = finiteDifferences(penalty, Float64Array.from(data));
  assertClose(gradient!, differences.map((d) => term.weight * d));
});

Deno.test("half the squares over a number", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const epoch = madeEpoch(random, { users: 2, items: 2, triples: 5, batchSize: 2 });
  using batches = uploadMade(gpu, epoch, 1, term.count);
  const data = uniformFloats(random, 60 * 7);
  using value = createTensor(gpu, "x", [60, 7], data);
  const x: Variable = { value };
  const tape = new Tape(gpu, "penalty", scratch);
  normPenalty(tape, x, [{ firstRow: 0, rowCount: 60 }], batches, term, {
    squared: true,
    divisor: 16,
  });
  tape.backward();
  using program = tape.program;
  program.run();
  const [terms, gradient] = await readFloats(gpu, batches.terms, x.gradient!);
  const squares = data.reduce((sum, entry) => sum + entry ** 2, 0);
  assertAlmostEquals(terms![term.count + term.index]!, squares / 32, 1e-5);
  assertClose(gradient!, data.map((entry) => term.weight * entry / 16));
});

const sumOfSquares = (parts: readonly (readonly number[])[]): number =>
  parts.reduce((sum, part) => sum + part.reduce((s, x) => s + x * x, 0) / 2, 0);

Deno.test("the norms of a batch's rows, or their squares, over its length", async (test) => {
  using gpu = await openDevice();
  const epoch = madeEpoch(random, { users: 4, items: 5, triples: 11, batchSize: 4 });
  const width = 5;
  for (const [step, squared] of [[0, false], [2, false], [2, true]] as const) {
    const name = step === 2 ? "a partial batch" : "a whole batch";
    await test.step(squared ? `${name}, squared` : name, async () => {
      const batch = batchOf(epoch, step);
      const data = uniformFloats(random, 9 * width);
      const penalty = (e: ArrayLike<number>): number =>
        (squared ? sumOfSquares : sumOfNorms)(
          [batch.user, batch.positive, batch.negative].map((rows) =>
            Array.from(rows).flatMap((row) => Array.from(e).slice(row * width, (row + 1) * width))
          ),
        ) / batch.user.length;
      using scratch = new Scratch(gpu);
      using batches = uploadMade(gpu, epoch, step, term.count);
      using value = createTensor(gpu, "embeddings", [9, width], data);
      const embeddings: Variable = { value };
      const tape = new Tape(gpu, "penalty", scratch);
      normPenaltyOfBatch(tape, embeddings, batches, term, epoch.users, squared);
      tape.backward();
      using program = tape.program;
      program.run();
      const [terms, gradient] = await readFloats(gpu, batches.terms, embeddings.gradient!);
      assertAlmostEquals(terms![step * term.count + term.index]!, penalty(data), 1e-6);
      const differences = finiteDifferences(penalty, Float64Array.from(data));
      assertClose(gradient!, differences.map((d) => term.weight * d));
    });
  }
});

Deno.test("a constant has a penalty and no gradient", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const epoch = madeEpoch(random, { users: 2, items: 2, triples: 3, batchSize: 3 });
  using batches = uploadMade(gpu, epoch, 0, term.count);
  using value = createTensor(gpu, "x", [3, 2]);
  const x: Variable = { value, constant: true };
  const tape = new Tape(gpu, "penalty", scratch);
  normPenalty(tape, x, [{ firstRow: 0, rowCount: 3 }], batches, term);
  tape.backward();
  using program = tape.program;
  assertEquals(program.kernels, ["sum_squares", "norm_penalty"]);
  assertEquals(x.gradient, undefined);
});

Deno.test("a penalty of weight 0 records nothing", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const epoch = madeEpoch(random, { users: 2, items: 2, triples: 3, batchSize: 3 });
  using batches = uploadMade(gpu, epoch, 0, term.count);
  using value = createTensor(gpu, "x", [4, 2]);
  const tape = new Tape(gpu, "penalty", scratch);
  const none = { ...term, weight: 0 };
  normPenalty(tape, { value }, [{ firstRow: 0, rowCount: 3 }], batches, none);
  normPenaltyOfBatch(tape, { value }, batches, none, epoch.users);
  tape.backward();
  using program = tape.program;
  assertEquals(program.kernels, []);
});
