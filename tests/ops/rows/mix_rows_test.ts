/** Mixtures of rows against their formula, and the adjoint against the formula's differences. */
import { openDevice } from "../../../src/gpu/device.ts";
import { createTensor } from "../../../src/gpu/tensor.ts";
import { mixRows } from "../../../src/ops/rows/mix_rows.ts";
import { checkOperation, operand } from "../check_operation.ts";

Deno.test("rows between those of a batch and those of its blocks", async (test) => {
  using gpu = await openDevice();
  for (const [blocks, batchSize, width] of [[1, 1, 1], [2, 5, 3], [3, 7, 12]] as const) {
    await test.step(`${blocks} blocks of ${batchSize} × ${width}`, async () => {
      const rows = blocks * batchSize;
      const { data } = operand(rows);
      using share = createTensor(gpu, "shares", [rows], data);
      const operands = [operand(batchSize, width), operand(rows, width)];
      for (const constant of [undefined, 0, 1]) {
        await checkOperation(
          gpu,
          operands.map((each, i) => ({ ...each, constant: i === constant })),
          {
            record: (tape, [a, b]) => mixRows(tape, a!, b!, share),
            formula: ([a, b]) =>
              b!.map((x, i) => {
                const part = data[Math.floor(i / width)]!;
                return part * a![i % (batchSize * width)]! + (1 - part) * x;
              }),
          },
        );
      }
    });
  }
});
