/** The two bands and their adjoint, entry by entry. */
import { assertEquals } from "@std/assert";
import { openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../../src/gpu/tensor.ts";
import { frequencyBands } from "../../../src/ops/graphs/frequency_bands.ts";
import { Tape, type Variable } from "../../../src/tape/tape.ts";
import { createRandom } from "../../../src/random.ts";
import { assertClose, uniformFloats } from "../made_epoch.ts";

const random = createRandom(27);

Deno.test("what passes and what does not stand side by side, and both gradients come back", async (test) => {
  using gpu = await openDevice();
  for (const [rows, dim] of [[1, 4], [9, 12], [30, 64]] as const) {
    await test.step(`${rows} rows, dim ${dim}`, async () => {
      const alpha = 0.3;
      const [l, e] = [uniformFloats(random, rows * dim), uniformFloats(random, rows * dim)];
      const given = uniformFloats(random, 2 * rows * dim);
      using scratch = new Scratch(gpu);
      using low = createTensor(gpu, "low", [rows, dim], l);
      using base = createTensor(gpu, "base", [rows, dim], e);
      using gradient = createTensor(gpu, "dLoss/dH", [rows, 2 * dim], given);
      const lowVariable: Variable = { value: low }, baseVariable: Variable = { value: base };
      const tape = new Tape(gpu, "bands", scratch);
      const output = frequencyBands(tape, lowVariable, baseVariable, alpha);
      assertEquals(output.value.shape, [rows, 2 * dim]);
      output.gradient = gradient;
      tape.backward();
      using program = tape.program;
      program.run();
      const [h, dLow, dBase] = await readFloats(
        gpu,
        output.value,
        lowVariable.gradient!,
        baseVariable.gradient!,
      );
      for (let row = 0; row < rows; row++) {
        const own = (of: Float32Array) => of.subarray(row * dim, (row + 1) * dim);
        const pair = (of: Float32Array) => of.subarray(2 * row * dim, 2 * (row + 1) * dim);
        const [g, rest] = [pair(given).subarray(0, dim), pair(given).subarray(dim)];
        const mid = own(e).map((x, j) => alpha * x - own(l)[j]!);
        assertClose(pair(h!), [...own(l), ...mid]);
        assertClose(own(dLow!), g.map((x, j) => x - rest[j]!));
        assertClose(own(dBase!), rest.map((x) => alpha * x));
      }
    });
  }
});

Deno.test("a signal that passes whole gets the sum, and a constant none", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const given = uniformFloats(random, 3 * 8);
  using value = createTensor(gpu, "embeddings", [3, 4]);
  using gradient = createTensor(gpu, "dLoss/dH", [3, 8], given);
  const both: Variable = { value }, constant: Variable = { value, constant: true };
  const tape = new Tape(gpu, "bands", scratch);
  frequencyBands(tape, both, both, 0.3).gradient = gradient;
  frequencyBands(tape, constant, constant, 0.3).gradient = gradient;
  tape.backward();
  using program = tape.program;
  program.run();
  const [sum] = await readFloats(gpu, both.gradient!);
  const expected = Array.from({ length: 12 }, (_, i) => {
    const at = Math.floor(i / 4) * 8 + i % 4;
    return given[at]! - given[at + 4]! + 0.3 * given[at + 4]!;
  });
  assertClose(sum!, expected);
  assertEquals(constant.gradient, undefined);
});
