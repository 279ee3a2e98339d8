/** Scaling of rows to length 1 against its formula. */
import { assertEquals } from "@std/assert";
import { openDevice } from "../../../src/gpu/device.ts";
import { normaliseRows } from "../../../src/ops/rows/normalise_rows.ts";
import type { Tape, Variable } from "../../../src/tape/tape.ts";
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
  for (const [rows, width] of [[1, 1], [9, 7], [5, 64], [1, 150]] as const) {
    await test.step(`${rows} × ${width}`, async () => {
      await checkOperation(gpu, [operand(rows, width)], operation(width));
    });
  }
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
