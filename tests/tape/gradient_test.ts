/** Gradients of a value that is used more than once. */
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { type GpuDevice, openDevice } from "../../src/gpu/device.ts";
import { Scratch } from "../../src/gpu/scratch.ts";
import { createTensor, readFloats, type Tensor } from "../../src/gpu/tensor.ts";
import { gatherBatch } from "../../src/ops/rows/gather_batch.ts";
import { addedTo, type Ending, recordEnding, storedIn } from "../../src/tape/ending.ts";
import {
  addGradient,
  addGradientEnding,
  addGradientInPlace,
  addGradientRows,
  endGradient,
} from "../../src/tape/gradient.ts";
import { Tape, type Variable } from "../../src/tape/tape.ts";
import { createRandom } from "../../src/random.ts";
import { assertClose, batchOf, madeEpoch, uniformFloats, uploadMade } from "../ops/made_epoch.ts";

const random = createRandom(23);

/** A variable of 5 × 3 with parts that are full of one number. */
function open(gpu: GpuDevice, resources: DisposableStack) {
  const scratch = resources.use(new Scratch(gpu));
  const tape = new Tape(gpu, "gradients", scratch);
  resources.use(tape.program);
  const tensorOf = (number: number): Tensor =>
    resources.use(createTensor(gpu, "numbers", [5, 3], new Float32Array(15).fill(number)));
  return {
    tape,
    value: resources.use(createTensor(gpu, "x", [5, 3])),
    /** Taken from the tape. */
    part: (number: number): Tensor => {
      const taken = tape.take("part", [5, 3]);
      recordEnding(tape.program, tensorOf(number), storedIn(taken));
      return taken;
    },
    /** Records that it is added to what there is, or stored. */
    record: (number: number, gradient: Tensor, keep: boolean): void =>
      recordEnding(tape.program, tensorOf(number), keep ? addedTo(gradient) : storedIn(gradient)),
  };
}

Deno.test("a part becomes the gradient or is added to it", async () => {
  using gpu = await openDevice();
  using resources = new DisposableStack();
  const { tape, value, part } = open(gpu, resources);
  const x: Variable = { value };
  const [first, second] = [part(2), part(3)];
  addGradient(tape, x, first);
  assertStrictEquals(x.gradient, first);
  addGradient(tape, x, second);
  assertStrictEquals(x.gradient, first);
  assertStrictEquals(tape.take("next", [5, 3]).buffer, second.buffer); // what was added is free again
  tape.program.run();
  assertEquals(await readFloats(gpu, first), [new Float32Array(15).fill(5)]);
});

Deno.test("a kernel that adds in place replaces undefined memory first", async () => {
  using gpu = await openDevice();
  using resources = new DisposableStack();
  const { tape, value, part, record } = open(gpu, resources);
  const x: Variable = { value };
  const before = part(7);
  tape.release(before);
  const keeps: boolean[] = [];
  for (const number of [2, 3]) {
    addGradientInPlace(tape, x, (gradient, keep) => {
      keeps.push(keep);
      record(number, gradient, keep);
    });
  }
  assertEquals(keeps, [false, true]);
  assertStrictEquals(x.gradient!.buffer, before.buffer);
  tape.program.run();
  assertEquals(await readFloats(gpu, x.gradient!), [new Float32Array(15).fill(5)]);
});

Deno.test("some rows are added to zeros or to what is there", async () => {
  using gpu = await openDevice();
  using resources = new DisposableStack();
  const { tape, value, part, record } = open(gpu, resources);
  const x: Variable = { value };
  tape.release(part(7));
  addGradientRows(tape, x, () => {}); // none of them
  addGradientRows(tape, x, (gradient) => record(2, gradient, true));
  tape.program.run();
  assertEquals(await readFloats(gpu, x.gradient!), [new Float32Array(15).fill(2)]);
  assertEquals(tape.program.commands.filter((command) => "cleared" in command).length, 1);
});

Deno.test("a gradient that meets an ending is stored, added, or left to its only reader", async (test) => {
  using gpu = await openDevice();
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
        tape.adjoint(() => addGradientEnding(tape, variable, record));
      }
      tape.backward();
      assertEquals(program.kernels, kernels.map((ending) => `each_vector: ${ending}`));
      endGradient(tape, variable, storedIn(seen));
      program.run();
      assertEquals(await readFloats(gpu, seen), [expected]);
    });
  }
});

Deno.test("what memory a pending gradient reads is not handed out before it is recorded", async () => {
  using gpu = await openDevice();
  using resources = new DisposableStack();
  const { tape, value, part } = open(gpu, resources);
  const x: Variable = { value, readOnce: true };
  const kept = part(1);
  const y = tape.operation(part(0), [x], (dy) =>
    addGradientEnding(tape, x, (ending) => {
      recordEnding(tape.program, dy, ending);
      recordEnding(tape.program, kept, addedTo(seen));
    }), [kept]);
  const seen = resources.use(createTensor(gpu, "seen", [5, 3]));
  y.gradient = part(2);
  tape.backward();
  part(8);
  part(9);
  endGradient(tape, x, storedIn(seen));
  tape.program.run();
  assertEquals(await readFloats(gpu, seen), [new Float32Array(15).fill(3)]);
});

Deno.test("a gradient left pending may not grow", async () => {
  using gpu = await openDevice();
  using resources = new DisposableStack();
  const { tape, value, part } = open(gpu, resources);
  const x: Variable = { value, readOnce: true };
  tape.adjoint(() => addGradientEnding(tape, x, () => {}));
  tape.backward();
  addGradient(tape, x, part(1));
  assertThrows(() => endGradient(tape, x, storedIn(value)), Error, "thought whole");
});

Deno.test("a constant gets no gradient, and what was made for it is free again", async () => {
  using gpu = await openDevice();
  using resources = new DisposableStack();
  const { tape, value, part } = open(gpu, resources);
  const constant: Variable = { value, constant: true, readOnce: true };
  const made = part(1);
  addGradient(tape, constant, made);
  assertStrictEquals(tape.take("next", [5, 3]).buffer, made.buffer);
  const none = () => {
    throw new Error("A constant's gradient was recorded.");
  };
  addGradientInPlace(tape, constant, none);
  addGradientRows(tape, constant, none);
  addGradientEnding(tape, constant, none);
  assertEquals([constant.gradient, constant.pending], [undefined, undefined]);
});

Deno.test("a value used twice gets the sum of both uses", async () => {
  using gpu = await openDevice();
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
