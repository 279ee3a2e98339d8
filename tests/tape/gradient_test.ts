/** Gradients of a value that is used more than once. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { openGpu } from "../../src/gpu/device.ts";
import { Scratch } from "../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../src/gpu/tensor.ts";
import { gatherBatch } from "../../src/ops/rows/gather_batch.ts";
import { type Ending, recordEnding, storedIn } from "../../src/tape/ending.ts";
import {
  addGradient,
  addRecordedGradient,
  endGradient,
  openGradient,
} from "../../src/tape/gradient.ts";
import { Tape, type Variable } from "../../src/tape/tape.ts";
import { createRandom } from "../../src/random.ts";
import { assertClose, batchOf, madeEpoch, uniformFloats, uploadMade } from "../ops/made_epoch.ts";

const random = createRandom(23);

Deno.test("whole gradients add up, and opening them starts from zero or from what is there", async () => {
  using gpu = await openGpu();
  using scratch = new Scratch(gpu);
  const tape = new Tape(gpu, "gradients", scratch);
  using value = createTensor(gpu, "x", [5, 3]);
  const handed: Variable = { value }, opened: Variable = { value };
  using resources = new DisposableStack();
  const part = (number: number) => {
    const numbers = new Float32Array(15).fill(number);
    const source = resources.use(createTensor(gpu, "source", [5, 3], numbers));
    const tensor = tape.take("part", [5, 3]);
    recordEnding(tape.program, source, storedIn(tensor));
    return tensor;
  };
  const first = part(2);
  addGradient(tape, handed, first);
  assertStrictEquals(handed.gradient, first);
  const second = part(3);
  addGradient(tape, handed, second);
  assertStrictEquals(handed.gradient, first);
  // What was added is free again, and opening must not find its numbers.
  assertStrictEquals(openGradient(tape, opened).buffer, second.buffer);
  assertStrictEquals(openGradient(tape, handed), first);
  using program = tape.program;
  program.run();
  const [sum, zero] = await readFloats(gpu, handed.gradient!, opened.gradient!);
  assertEquals(sum, new Float32Array(15).fill(5));
  assertEquals(zero, new Float32Array(15));
});

Deno.test("a recorded gradient is stored, added, or left to its only reader", async (test) => {
  using gpu = await openGpu();
  const given = Float32Array.from({ length: 15 }, (_, i) => i);
  const twice = given.map((x) => 2 * x);
  const cases = [
    { title: "stored", readOnce: false, kernels: ["store"], expected: given },
    { title: "left", readOnce: true, kernels: [], expected: given },
    {
      title: "stored before others",
      readOnce: true,
      kernels: ["store"],
      later: 1,
      expected: given,
    },
    {
      title: "added to the first",
      readOnce: true,
      kernels: ["store", "add"],
      uses: 2,
      expected: twice,
    },
    { title: "zero", readOnce: true, kernels: [], uses: 0, expected: new Float32Array(15) },
  ];
  for (const { title, readOnce, kernels, later = 0, uses = 1, expected } of cases) {
    await test.step(title, async () => {
      using scratch = new Scratch(gpu);
      const tape = new Tape(gpu, title, scratch);
      using program = tape.program;
      using value = createTensor(gpu, "x", [5, 3]);
      using whole = createTensor(gpu, "whole", [5, 3], given);
      using seen = createTensor(gpu, "seen", [5, 3]);
      const variable: Variable = { value, readOnce };
      const record = (ending: Ending): void => recordEnding(program, whole, ending);
      for (let i = 0; i < later; i++) tape.adjoint(() => {});
      for (let i = 0; i < uses; i++) {
        tape.adjoint(() => addRecordedGradient(tape, variable, record));
      }
      tape.backward();
      assertEquals(program.kernels, kernels.map((ending) => `each_vector + ${ending}`));
      endGradient(tape, variable, storedIn(seen));
      program.run();
      assertEquals(await readFloats(gpu, seen), [expected]);
    });
  }
});

Deno.test("a constant gets no gradient, and what was made for it is free again", async () => {
  using gpu = await openGpu();
  using scratch = new Scratch(gpu);
  const tape = new Tape(gpu, "gradients", scratch);
  using value = createTensor(gpu, "x", [5, 3]);
  const constant: Variable = { value, constant: true };
  const gradient = tape.take("part", [5, 3]);
  addGradient(tape, constant, gradient);
  assertEquals(constant.gradient, undefined);
  assertStrictEquals(tape.take("next", [5, 3]).buffer, gradient.buffer);
  tape.program[Symbol.dispose]();
});

Deno.test("a value used twice gets the sum of both uses", async () => {
  using gpu = await openGpu();
  using scratch = new Scratch(gpu);
  const epoch = madeEpoch(random, { users: 3, items: 4, triples: 6, batchSize: 6 });
  using batches = uploadMade(gpu, epoch, 0);
  const data = uniformFloats(random, 7 * 2), given = uniformFloats(random, 6 * 2);
  using value = createTensor(gpu, "table", [7, 2], data);
  using gradient = createTensor(gpu, "dLoss/dG", [6, 2], given);
  const table: Variable = { value };
  const tape = new Tape(gpu, "two gathers", scratch);
  for (const list of ["positive", "negative"] as const) {
    gatherBatch(tape, table, batches, [list], { firstRow: 0, userCount: 3 }).gradient = gradient;
  }
  tape.backward();
  using program = tape.program;
  program.run();
  const expected = new Float64Array(data.length);
  const { positive, negative } = batchOf(epoch, 0);
  for (const rows of [positive, negative]) {
    rows.forEach((row, slot) => {
      for (const c of [0, 1]) expected[row * 2 + c]! += given[slot * 2 + c]!;
    });
  }
  assertClose((await readFloats(gpu, table.gradient!))[0]!, expected);
});
