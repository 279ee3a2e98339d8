/** Scaling of rows to length 1 against its formula. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../../src/gpu/tensor.ts";
import { normaliseRows } from "../../../src/ops/rows/normalise_rows.ts";
import { recordEnding, storedIn } from "../../../src/tape/ending.ts";
import { Tape, type Variable } from "../../../src/tape/tape.ts";
import { checkOperation, operand, recordUnused } from "../check_operation.ts";

const operation = (width: number) => ({
  record: (tape: Tape, [x]: readonly Variable[]) => normaliseRows(tape, x!),
  formula: ([x]: readonly Float64Array[]) =>
    x!.map((v, i) => {
      const start = i - i % width;
      const row = x!.subarray(start, start + width);
      const length = Math.sqrt(row.reduce((sum, entry) => sum + entry * entry, 0));
      return v / Math.max(length, 1e-12);
    }),
});

Deno.test("rows of any width have length 1", async (test) => {
  using gpu = await openDevice();
  for (const [rows, width] of [[9, 7], [5, 64], [1, 150]] as const) {
    await test.step(`${rows} × ${width}`, async () => {
      await checkOperation(gpu, [operand(rows, width)], operation(width));
    });
  }
});

Deno.test("of a row of one number the sign is left, and no gradient but rounding", async () => {
  using gpu = await openDevice();
  using resources = new DisposableStack();
  const scratch = resources.use(new Scratch(gpu));
  const [data, given] = [Float32Array.of(-0.7, 3, 0.01), Float32Array.of(2, -1, 0.5)];
  const value = resources.use(createTensor(gpu, "x", [3, 1], data));
  const x: Variable = { value };
  const tape = new Tape(gpu, "normalise", scratch);
  const output = normaliseRows(tape, x);
  const kept = resources.use(createTensor(gpu, "kept", [3, 1]));
  recordEnding(tape.program, output.value, storedIn(kept));
  output.gradient = resources.use(createTensor(gpu, "dLoss/dOutput", [3, 1], given));
  tape.backward();
  resources.use(tape.program).run();
  const [signs, gradient] = await readFloats(gpu, kept, x.gradient!);
  // WGSL lets a division be 2.5 units in the last place off, and a root as much again twice.
  const rounding = 8 * 2 ** -23;
  data.forEach((own, r) => {
    assertAlmostEquals(signs![r]!, Math.sign(own), rounding);
    assertAlmostEquals(gradient![r]!, 0, 3 * rounding * Math.abs(given[r]! / own));
  });
});

Deno.test("rows of zeros stay zero", async () => {
  using gpu = await openDevice();
  const x = operand(4, 6);
  x.data.fill(0, 6, 12);
  await checkOperation(gpu, [{ ...x, constant: true }], operation(6));
});

Deno.test("an unused result has no gradient", async () => {
  using gpu = await openDevice();
  const { adjoints, gradients } = recordUnused(gpu, operation(3).record, [operand(2, 3)]);
  assertEquals([adjoints, gradients], [[], [undefined]]);
});
