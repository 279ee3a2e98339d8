/** LeakyReLU against its formula. */
import { assertEquals } from "@std/assert";
import { openDevice } from "../../../src/gpu/device.ts";
import { leakyRelu } from "../../../src/ops/rows/leaky_relu.ts";
import type { Tape, Variable } from "../../../src/tape/tape.ts";
import { checkOperation, operand, recordUnused } from "../check_operation.ts";

const operation = (slope: number) => ({
  record: (tape: Tape, [x]: readonly Variable[]) => leakyRelu(tape, x!, slope),
  formula: ([x]: readonly Float64Array[]) => x!.map((v) => v > 0 ? v : slope * v),
});

Deno.test("LeakyReLU and its adjoint", async () => {
  using gpu = await openDevice();
  await checkOperation(gpu, [operand(9, 7)], operation(0.2));
  await checkOperation(gpu, [operand(33)], operation(0));
  await checkOperation(gpu, [{ ...operand(2, 3), constant: true }], operation(0.2));
});

Deno.test("at 0 the slope counts", async () => {
  using gpu = await openDevice();
  const x = { shape: [2], data: Float32Array.of(0, -0), constant: true };
  await checkOperation(gpu, [x], operation(0.5));
  const { adjoints, gradients } = recordUnused(gpu, operation(0.2).record, [operand(3)]);
  assertEquals([adjoints, gradients], [[], [undefined]]);
});
