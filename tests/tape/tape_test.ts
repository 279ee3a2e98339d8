/** The order of adjoints, and what becomes of memory. */
import { assert, assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { openDevice } from "../../src/gpu/device.ts";
import { Scratch } from "../../src/gpu/scratch.ts";
import { createTensor } from "../../src/gpu/tensor.ts";
import { gatherBatch } from "../../src/ops/rows/gather_batch.ts";
import { addGradient } from "../../src/tape/gradient.ts";
import { Tape, type Variable } from "../../src/tape/tape.ts";
import { createRandom } from "../../src/random.ts";
import { madeEpoch, uploadMade } from "../ops/made_epoch.ts";

Deno.test("adjoints are recorded once, the last first", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const tape = new Tape(gpu, "order", scratch);
  const order: number[] = [];
  for (const number of [1, 2, 3]) tape.adjoint(() => order.push(number));
  tape.backward();
  tape.backward();
  assertEquals(order, [3, 2, 1]);
});

Deno.test("what is released is taken again, and what was not taken here is let alone", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const elsewhere = scratch.take("of another tape", [8]);
  using foreign = createTensor(gpu, "foreign", [8]);
  const tape = new Tape(gpu, "memory", scratch);
  const first = tape.take("first", [8]);
  tape.release(elsewhere);
  tape.release(foreign);
  const second = tape.take("second", [8]);
  const buffers = [elsewhere, foreign, first].map(({ buffer }) => buffer);
  assert(!buffers.includes(second.buffer), "memory in use was handed out");
  tape.release(first);
  assertStrictEquals(tape.take("third", [2, 4]).buffer, first.buffer);
});

Deno.test("adjoints of operations are recorded where a loss depends on what is no constant", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  using value = createTensor(gpu, "x", [8]);
  const tape = new Tape(gpu, "operations", scratch);
  const trained: Variable = { value }, constant: Variable = { value, constant: true };
  const recorded: string[] = [];
  const operation = (name: string, ...inputs: Variable[]): Variable =>
    tape.operation(tape.take(name, [8]), inputs, () => recorded.push(name));
  const unused = operation("unused", trained);
  const [none, used] = [operation("none", constant), operation("used", constant, trained)];
  for (const output of [none, used]) output.gradient = tape.take("gradient", [8]);
  tape.backward();
  assertEquals([unused, none, used].map(({ constant }) => constant), [false, true, false]);
  assertEquals(recorded, ["used"]);
});

Deno.test("a result is given back before its adjoint, gradient and what is kept after it", async () => {
  using gpu = await openDevice();
  using value = createTensor(gpu, "x", [8]);
  for (const keepsValue of [false, true]) {
    using scratch = new Scratch(gpu);
    const tape = new Tape(gpu, "operation", scratch);
    const [y, other, dy] = [4, 8, 12].map((size) => tape.take("tensor", [size]));
    /** Which of them are taken again in the place of new memory. */
    const reused = (): boolean[] =>
      [y, other, dy].map((own) => tape.take("next", own!.shape).buffer === own!.buffer);
    let within: boolean[] = [];
    const kept = keepsValue ? [other!, y!] : [other!];
    tape.operation(y!, [{ value }], () => within = reused(), kept).gradient = dy!;
    assertEquals(reused(), [false, false, false]);
    tape.backward();
    assertEquals(within, [!keepsValue, false, false]);
    assertEquals(reused(), [keepsValue, true, true]);
  }
});

Deno.test("what an adjoint gives back serves the next one", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  /** A chain of operations, each of which takes a result and, backward, a gradient. */
  const bytesOf = (length: number): number => {
    const before = gpu.bytes;
    const tape = new Tape(gpu, "chain", scratch);
    let last: Variable = { value: tape.take("start", [length * 64]) };
    for (let i = 0; i < 6; i++) {
      const x = last;
      last = tape.operation(tape.take("result", x.value.shape), [x], () => {
        const gradient = tape.take("gradient", x.value.shape);
        tape.program.clear(gradient);
        addGradient(tape, x, gradient);
      });
    }
    last.gradient = tape.take("gradient", last.value.shape);
    tape.backward();
    tape.finish();
    tape.program[Symbol.dispose]();
    return (gpu.bytes - before) / (4 * 64 * length);
  };
  // Seven values and the last one's gradient: the gradient before it takes the last value's memory.
  assertEquals(bytesOf(10), 7 + 1);
  assertEquals(bytesOf(10), 0);
});

Deno.test("finish gives back all that is still taken, once", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const epoch = madeEpoch(createRandom(24), { users: 3, items: 4, triples: 6, batchSize: 6 });
  using batches = uploadMade(gpu, epoch, 0);
  using value = createTensor(gpu, "table", [7, 2]);
  const record = () => {
    const tape = new Tape(gpu, "step", scratch);
    const table: Variable = { value };
    const rows = gatherBatch(tape, table, batches, ["user"], { firstRow: 0, userCount: 3 });
    rows.gradient = tape.take("dLoss/dG", rows.value.shape);
    tape.take("left over", [100]);
    tape.backward();
    tape.finish();
    tape.finish();
    tape.program[Symbol.dispose]();
  };
  record();
  const bytes = gpu.bytes;
  record();
  assertEquals(gpu.bytes, bytes);
  const taken = [scratch.take("a", [100]), scratch.take("b", [100])];
  assertNotStrictEquals(taken[0]!.buffer, taken[1]!.buffer);
});
