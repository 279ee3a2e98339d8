/** Dropout with a given mask, and what masks are like. */
import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { type GpuDevice, openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../../src/gpu/tensor.ts";
import { drawMask } from "../../../src/ops/rows/draw_uniform.ts";
import { dropout } from "../../../src/ops/rows/dropout.ts";
import { clockAt } from "../../kernel_tables/random_case.ts";
import { Tape, type Variable } from "../../../src/tape/tape.ts";
import { checkOperation, operand } from "../check_operation.ts";

Deno.test("what is kept is divided by how often it is", async () => {
  using gpu = await openDevice();
  const data = Float32Array.from({ length: 63 }, (_, i) => Number(i % 3 > 0));
  using mask = createTensor(gpu, "mask", [9, 7], data);
  const operation = {
    record: (tape: Tape, [x]: readonly Variable[]) => dropout(tape, x!, mask, 0.3),
    formula: ([x]: readonly Float64Array[]) => x!.map((v, i) => v * data[i]! / 0.7),
  };
  await checkOperation(gpu, [operand(9, 7)], operation);
  await checkOperation(gpu, [{ ...operand(9, 7), constant: true }], operation);
});

async function mask(gpu: GpuDevice, seed: number, batch: number, rate: number, elements = 20_000) {
  using scratch = new Scratch(gpu);
  using clock = createTensor(gpu, "clock", [8], clockAt(0, { count: batch }));
  const tape = new Tape(gpu, "mask", scratch);
  const drawn = drawMask(tape, [elements], rate, seed, { clock });
  using program = tape.program;
  program.run();
  return (await readFloats(gpu, drawn))[0]!;
}

Deno.test("masks keep their share, and are the same for the same seed and batch", async () => {
  using gpu = await openDevice();
  for (const rate of [0, 0.3, 0.9]) {
    const kept = await mask(gpu, 5, 3, rate);
    assert(kept.every((bit) => bit === 0 || bit === 1));
    const share = kept.reduce((sum, bit) => sum + bit, 0) / kept.length;
    assertAlmostEquals(share, 1 - rate, 4 * Math.sqrt(rate * (1 - rate) / kept.length));
  }
  assertEquals(await mask(gpu, 5, 3, 0.5), await mask(gpu, 5, 3, 0.5));
});

Deno.test("masks of other seeds, batches and elements have nothing in common", async () => {
  using gpu = await openDevice();
  const seeds = [[5, 3], [6, 3], [5, 4], [5 + 2 ** 32, 3], [3, 5]] as const;
  const masks: Float32Array[] = [];
  for (const [seed, batch] of seeds) masks.push(await mask(gpu, seed, batch, 0.5));
  masks.push(masks[0]!.slice(1), masks[0]!.slice(64));
  for (const [i, a] of masks.entries()) {
    for (const b of masks.slice(i + 1)) {
      const length = Math.min(a.length, b.length);
      const same = a.subarray(0, length).reduce((sum, bit, at) => sum + Number(bit === b[at]), 0);
      assertAlmostEquals(same / length, 0.5, 4 * 0.5 / Math.sqrt(length));
    }
  }
  assertNotEquals(masks[0], masks[1]);
});
