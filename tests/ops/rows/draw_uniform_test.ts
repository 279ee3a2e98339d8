/** What random numbers on the GPU are like. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { type GpuDevice, openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats } from "../../../src/gpu/tensor.ts";
import { drawUniform } from "../../../src/ops/rows/draw_uniform.ts";
import { clockAt } from "../../kernel_tables/random_case.ts";
import { Tape } from "../../../src/tape/tape.ts";

async function draws(gpu: GpuDevice, seed: number, batch: number): Promise<Float32Array> {
  using scratch = new Scratch(gpu);
  using clock = createTensor(gpu, "clock", [8], clockAt(0, { count: batch }));
  const tape = new Tape(gpu, "draws", scratch);
  const drawn = drawUniform(tape, [200, 100], seed, { clock });
  using program = tape.program;
  program.run();
  return (await readFloats(gpu, drawn))[0]!;
}

Deno.test("numbers are uniform in [0, 1), the same for the same seed and batch", async () => {
  using gpu = await openDevice();
  const drawn = await draws(gpu, 7, 2);
  assert(drawn.every((x) => x >= 0 && x < 1));
  const share = (below: number) => drawn.filter((x) => x < below).length / drawn.length;
  for (const below of [0.01, 0.25, 0.5, 0.9]) {
    assertAlmostEquals(share(below), below, 4 * Math.sqrt(below * (1 - below) / drawn.length));
  }
  assertEquals(await draws(gpu, 7, 2), drawn);
});

Deno.test("numbers of other seeds and batches have nothing in common", async () => {
  using gpu = await openDevice();
  const first = await draws(gpu, 7, 2);
  for (const [seed, batch] of [[8, 2], [7, 3], [7 + 2 ** 32, 2], [2, 7]] as const) {
    const other = await draws(gpu, seed, batch);
    const product = first.reduce((sum, x, i) => sum + (x - 0.5) * (other[i]! - 0.5), 0);
    assertAlmostEquals(12 * product / first.length, 0, 4 / Math.sqrt(first.length));
  }
});
