/** The softmax of rows against its formula, and its adjoint against the formula's differences. */
import { assertEquals } from "@std/assert";
import { openDevice } from "../../../src/gpu/device.ts";
import { softmaxRows } from "../../../src/ops/rows/softmax_rows.ts";
import { checkOperation, operand, recordUnused } from "../check_operation.ts";

const softmax = (x: ArrayLike<number>, width: number): number[] => {
  const exponentials = Array.from(x, Math.exp);
  return exponentials.map((each, i) => {
    const first = i - i % width;
    return each / exponentials.slice(first, first + width).reduce((sum, other) => sum + other, 0);
  });
};

Deno.test("rows become shares", async (test) => {
  using gpu = await openDevice();
  for (const [rows, width] of [[1, 1], [5, 3], [70, 12]] as const) {
    await test.step(`${rows} × ${width}`, () =>
      checkOperation(gpu, [operand(rows, width)], {
        record: (tape, [x]) => softmaxRows(tape, x!),
        formula: ([x]) => softmax(x!, width),
      }));
  }
});

Deno.test("constants and unused results have no adjoint", async () => {
  using gpu = await openDevice();
  await checkOperation(gpu, [{ ...operand(2, 3), constant: true }], {
    record: (tape, [x]) => softmaxRows(tape, x!),
    formula: ([x]) => softmax(x!, 3),
  });
  const unused = recordUnused(gpu, (tape, [x]) => softmaxRows(tape, x!), [operand(2, 3)]);
  assertEquals(unused, { adjoints: [], gradients: [undefined] });
});
