/** Sums, stacks and cuts against their formulas. */
import { assertEquals } from "@std/assert";
import { openDevice } from "../../../src/gpu/device.ts";
import { add, addToRows, sliceRows, stackRows } from "../../../src/ops/rows/combine.ts";
import { checkOperation, operand, type Operation, recordUnused } from "../check_operation.ts";

const sum: Operation = {
  record: (tape, [a, b]) => add(tape, a!, b!, 0.3, -2),
  formula: ([a, b]) => a!.map((x, i) => 0.3 * x - 2 * b![i]!),
};

Deno.test("a weighted sum", async () => {
  using gpu = await openDevice();
  await checkOperation(gpu, [operand(9, 7), operand(9, 7)], sum);
  await checkOperation(gpu, [{ ...operand(5), constant: true }, operand(5)], sum);
  await checkOperation(gpu, [operand(3, 2)], {
    record: (tape, [x]) => add(tape, x!, x!),
    formula: ([x]) => x!.map((entry) => 2 * entry),
  });
});

Deno.test("rows stacked", async () => {
  using gpu = await openDevice();
  const parts = [operand(2, 5), { ...operand(1, 5), constant: true }, operand(7, 5)];
  await checkOperation(gpu, parts, {
    record: (tape, parts) => stackRows(tape, parts),
    formula: (parts) => parts.flatMap((part) => [...part]),
  });
});

Deno.test("rows cut out", async () => {
  using gpu = await openDevice();
  for (const [first, count] of [[2, 3], [0, 9], [8, 1]] as const) {
    await checkOperation(gpu, [operand(9, 3)], {
      record: (tape, [x]) => sliceRows(tape, x!, first, count),
      formula: ([x]) => x!.subarray(3 * first, 3 * (first + count)),
    });
  }
});

Deno.test("rows added to some of a matrix", async () => {
  using gpu = await openDevice();
  await checkOperation(gpu, [operand(9, 3), operand(4, 3)], {
    record: (tape, [x, rows]) => addToRows(tape, x!, rows!, 5),
    formula: ([x, rows]) => x!.map((entry, i) => i < 15 ? entry : entry + rows![i - 15]!),
  });
});

Deno.test("an unused result has no gradient", async () => {
  using gpu = await openDevice();
  const { adjoints, gradients } = recordUnused(gpu, sum.record, [operand(2, 3), operand(2, 3)]);
  assertEquals([adjoints, gradients], [[], [undefined, undefined]]);
});
