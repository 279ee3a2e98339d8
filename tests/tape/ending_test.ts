/** An ending does the same in one dispatch and in many. */
import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { GpuDevice, openDevice } from "../../src/gpu/device.ts";
import type { Dispatch, Program } from "../../src/gpu/program.ts";
import { Scratch } from "../../src/gpu/scratch.ts";
import { LARGEST_DISPATCH } from "../../src/gpu/stretches.ts";
import { createTensor, readFloats } from "../../src/gpu/tensor.ts";
import { createRandom } from "../../src/random.ts";
import { adamW, createMoments } from "../../src/tape/adamw.ts";
import { createClock } from "../../src/tape/clock.ts";
import { addedTo, ENDING_OPERATIONS, recordEnding } from "../../src/tape/ending.ts";
import { Tape } from "../../src/tape/tape.ts";
import { uniformFloats } from "../ops/made_epoch.ts";

const dispatchesOf = (program: Program): Dispatch[] =>
  program.commands.filter((one): one is Dispatch => "kernel" in one);

Deno.test("the same bits, however the work is cut", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const random = createRandom(3);
  const given = uniformFloats(random, 13 * 7), before = uniformFloats(random, 13 * 7);
  const totals: Float32Array[] = [];
  for (const [vectorsAtATime, dispatches] of [[23, 1], [12, 2], [5, 5], [1, 23]] as const) {
    using result = createTensor(gpu, "result", [13, 7], given);
    using total = createTensor(gpu, "total", [13, 7], before);
    const tape = new Tape(gpu, "ending", scratch);
    recordEnding(tape.program, result, addedTo(total), vectorsAtATime * ENDING_OPERATIONS);
    using program = tape.program;
    assertEquals(dispatchesOf(program).length, dispatches);
    program.run();
    totals.push((await readFloats(gpu, total))[0]!);
  }
  assertEquals(totals[0], given.map((x, i) => x + before[i]!));
  for (const total of totals) assertEquals(total, totals[0]);
});

Deno.test("no step of AdamW on 8 million nodes × 64 is a dispatch beyond the limit", async () => {
  using opened = await openDevice({ dry: true });
  using gpu = new GpuDevice(opened.device, "hardware", { dry: true });
  using scratch = new Scratch(gpu);
  const shape = [8_000_000, 64];
  using value = createTensor(gpu, "x", shape);
  using gradient = createTensor(gpu, "g", shape);
  using clock = createClock(gpu, 1);
  using moments = createMoments(gpu, value);
  const tape = new Tape(gpu, "optimizer", scratch);
  const settings = { learningRate: 0.1, weightDecay: 0 };
  adamW(tape, { value, gradient }, moments, { clock, settings });
  using program = tape.program;
  const dispatches = dispatchesOf(program);
  assertGreater(dispatches.length, 1);
  let vectors = 0;
  for (const { params: { first, end } } of dispatches) {
    assertEquals(first, vectors);
    vectors = end!;
    assertLessOrEqual((end! - first!) * ENDING_OPERATIONS, LARGEST_DISPATCH);
  }
  assertEquals(vectors, 8_000_000 * 64 / 4);
});
