/** What endings move, met by a result that is read. */
import { assertEquals } from "@std/assert";
import { compulsoryBytes } from "../../src/benchmark/traffic.ts";
import { openGpu } from "../../src/gpu/device.ts";
import { Program } from "../../src/gpu/program.ts";
import { Scratch } from "../../src/gpu/scratch.ts";
import { createTensor } from "../../src/gpu/tensor.ts";
import { adamW, createMoments, createSchedule } from "../../src/ops/adamw.ts";
import { addedTo, recordEnding, storedIn } from "../../src/ops/ending.ts";
import { Tape } from "../../src/ops/tape.ts";

const ROWS = 9, DIM = 8, NUMBERS = ROWS * DIM;
const batch = { triples: 1, rows: [3], entries: [3] };

/** Words that each command moves. */
const wordsOf = (program: Program): number[] =>
  program.commands.map((command) => compulsoryBytes(command, batch) / 4);

Deno.test("a result is stored by a write and added by another read", async () => {
  using gpu = await openGpu();
  using program = new Program(gpu, "endings");
  using result = createTensor(gpu, "result", [ROWS, DIM]);
  using target = createTensor(gpu, "target", [ROWS, DIM]);
  recordEnding(program, result, storedIn(target));
  recordEnding(program, result, addedTo(target));
  assertEquals(wordsOf(program), [2 * NUMBERS, 3 * NUMBERS]);
});

Deno.test("AdamW reads and writes moments and parameter, or writes the direction to be smoothed", async () => {
  using gpu = await openGpu();
  using scratch = new Scratch(gpu);
  using value = createTensor(gpu, "x", [ROWS, DIM]);
  using gradient = createTensor(gpu, "g", [ROWS, DIM]);
  using clock = createTensor(gpu, "clock", [2]);
  using optimized = createMoments(gpu, value);
  using schedule = createSchedule(gpu, 1);
  const pace = { clock, schedule, settings: { learningRate: 1, weightDecay: 0 } };
  const wordsWith = (firstRow?: number): number[] => {
    const tape = new Tape(gpu, "optimizer", scratch);
    using program = tape.program;
    const smoothing = firstRow === undefined
      ? undefined
      : { firstRow, record: recordEnding.bind(undefined, program) };
    adamW(tape, { value, gradient }, optimized, pace, smoothing);
    return wordsOf(program);
  };
  assertEquals(wordsWith(), [7 * NUMBERS + 3]);
  assertEquals(wordsWith(5), [7 * NUMBERS - 4 * DIM + 3, 3 * 4 * DIM]);
});
