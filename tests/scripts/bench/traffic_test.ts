/** What is moved by results that are read or computed by a pass, and by what becomes of them. */
import { assertEquals } from "@std/assert";
import { compulsoryBytes } from "../../../scripts/bench/traffic.ts";
import { type GpuDevice, openDevice } from "../../../src/gpu/device.ts";
import { Program } from "../../../src/gpu/program.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, type Tensor } from "../../../src/gpu/tensor.ts";
import { createClock } from "../../../src/tape/clock.ts";
import { adamW, createMoments } from "../../../src/tape/adamw.ts";
import { addedTo, type Ending, recordEnding, storedIn } from "../../../src/tape/ending.ts";
import {
  convolveToEnding,
  createStepwiseConvolution,
} from "../../../src/ops/graphs/stepwise_convolution.ts";
import { Tape, type Variable } from "../../../src/tape/tape.ts";
import { patternOf } from "../../../src/sparse/csr.ts";
import { SEGMENTS_PER_BLOCK } from "../../../src/sparse/row_segments.ts";
import { interactionGraph } from "../../../src/sparse/graphs.ts";
import { inBothWays } from "../../gpu/gather/both_gathers.ts";

const ROWS = 9, DIM = 8, NUMBERS = ROWS * DIM;
const batch = { stale: 0, triples: 1, rows: [3], entries: [3] };

/** Words that each command moves. */
const wordsOf = (program: Program): number[] =>
  program.commands.map((command) => compulsoryBytes(command, batch) / 4);

Deno.test("a result is stored by a write and added by another read", async () => {
  using gpu = await openDevice();
  using program = new Program(gpu, "endings");
  using result = createTensor(gpu, "result", [ROWS, DIM]);
  using target = createTensor(gpu, "target", [ROWS, DIM]);
  recordEnding(program, result, storedIn(target));
  recordEnding(program, result, addedTo(target));
  assertEquals(wordsOf(program), [2 * NUMBERS, 3 * NUMBERS]);
});

/** What a step of AdamW moves, with the rows from `firstRow` on smoothed. */
function wordsOfAdamW(
  gpu: GpuDevice,
  value: Tensor,
  gradient: (tape: Tape) => Omit<Variable, "value">,
  firstRow?: number,
): number[] {
  using scratch = new Scratch(gpu);
  using clock = createClock(gpu, 1);
  using optimized = createMoments(gpu, value);
  const tape = new Tape(gpu, "optimizer", scratch);
  using program = tape.program;
  const smoothing = firstRow === undefined ? undefined : {
    firstRow,
    record: (direction: Tensor, ending: Ending) => recordEnding(program, direction, ending),
  };
  const pace = { clock, settings: { learningRate: 1, weightDecay: 0 } };
  adamW(tape, { value, ...gradient(tape) }, optimized, pace, smoothing);
  return wordsOf(program);
}

Deno.test("AdamW reads and writes moments and parameter, or writes the direction to be smoothed", async () => {
  using gpu = await openDevice();
  using value = createTensor(gpu, "x", [ROWS, DIM]);
  using gradient = createTensor(gpu, "g", [ROWS, DIM]);
  const stored = () => ({ gradient });
  assertEquals(wordsOfAdamW(gpu, value, stored), [7 * NUMBERS]);
  const smoothed = 4 * DIM;
  assertEquals(
    wordsOfAdamW(gpu, value, stored, 5),
    [7 * NUMBERS - smoothed, 3 * smoothed],
  );
});

Deno.test("a pass moves its graph and matrices, and its ending the rest", async (test) => {
  using opened = await openDevice();
  const pairs = [[0, 0], [1, 0], [1, 2], [2, 1], [4, 3]] as const;
  const graph = interactionGraph(patternOf(5, 4, pairs));
  const weights = new Float64Array(DIM).fill(1);
  for (const { layers, from, gpu } of inBothWays(opened, [{ layers: 1 }, { layers: 2 }])) {
    await test.step(`${layers} layers, from ${from}`, () => {
      using convolution = createStepwiseConvolution(gpu, "graph", graph, weights, layers);
      using value = createTensor(gpu, "x", [ROWS, DIM]);
      // Weights, offsets or a block of segments; 4 rows of either side have 5 entries, 4 pairs.
      const walk = 2 * DIM +
        (from === "images" ? ROWS + 1 + 4 * (4 + 4) : 4 * SEGMENTS_PER_BLOCK + 2 * (5 + 5));
      const copy = from === "images" ? [2 * NUMBERS] : [];
      const inner = layers === 2 ? [...copy, walk + NUMBERS + NUMBERS] : [];
      // The last pass gathers from what is not its base, if it is not the first, too.
      const last = walk + layers * NUMBERS + 6 * NUMBERS - 4 * DIM;
      const pending = (tape: Tape) => ({
        pending: (ending: Ending) => convolveToEnding(tape, convolution, value, ending),
      });
      const update = 3 * 4 * DIM;
      assertEquals(wordsOfAdamW(gpu, value, pending, 5), [...inner, ...copy, last, update]);
    });
  }
});
