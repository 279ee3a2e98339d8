/** Steps of the optimizer against the algorithm in f64. */
import { assertEquals } from "@std/assert";
import { type GpuDevice, openDevice } from "../../src/gpu/device.ts";
import { Scratch } from "../../src/gpu/scratch.ts";
import { createTensor, readFloats, type Tensor, write } from "../../src/gpu/tensor.ts";
import { type AdamSettings, adamW, completeAdam, createMoments } from "../../src/tape/adamw.ts";
import { addedTo, type Ending, recordEnding } from "../../src/tape/ending.ts";
import { createClock, uploadClock } from "../../src/tape/clock.ts";
import { Tape } from "../../src/tape/tape.ts";
import { createRandom } from "../../src/random.ts";
import { assertClose, uniformFloats } from "../ops/made_epoch.ts";

const random = createRandom(25);
const ROWS = 9, STEPS = 4;

/** What differs between the cases. */
interface Case {
  readonly width: number;
  readonly settings: AdamSettings;
  /** What the learning rate is multiplied with. */
  readonly factor?: number;
  /** Rows from here on move by twice their direction. */
  readonly doubledFrom?: number;
}

const data = (width: number) => ({
  parameter: uniformFloats(random, ROWS * width),
  gradients: Array.from({ length: STEPS }, () => uniformFloats(random, ROWS * width)),
});

/** Loshchilov & Hutter 2019, Algorithm 2, with all that may be added to it. */
function expected(
  { width, settings, factor = 1, doubledFrom = ROWS }: Case,
  { parameter, gradients }: ReturnType<typeof data>,
): Float64Array {
  const { learningRate, weightDecay, l2, beta1, beta2, epsilon } = completeAdam(settings);
  const x = Float64Array.from(parameter), m = x.map(() => 0), v = x.map(() => 0);
  gradients.forEach((gradient, step) => {
    for (let i = 0; i < x.length; i++) {
      const g = gradient[i]! + l2 * x[i]!;
      m[i] = beta1 * m[i]! + (1 - beta1) * g;
      v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
      const mean = m[i]! / (1 - beta1 ** (step + 1));
      const scale = Math.sqrt(v[i]! / (1 - beta2 ** (step + 1))) + epsilon;
      const doubled = i >= doubledFrom * width ? 2 : 1;
      x[i] = (1 - learningRate * weightDecay) * x[i]! -
        learningRate * doubled * factor * mean / scale;
    }
  });
  return x;
}

/** Batches whose triples and rows do not matter. */
const TWO_BATCHES = {
  batchLength: new Uint32Array(2),
  batchStart: new Uint32Array(3),
  batchEnd: new Uint32Array(2),
};

/** The same on the GPU, step by step, as an epoch of two batches and the next one. */
async function actual(
  gpu: GpuDevice,
  { width, settings, factor, doubledFrom }: Case,
  { parameter, gradients }: ReturnType<typeof data>,
): Promise<Float32Array> {
  using resources = new DisposableStack();
  const scratch = resources.use(new Scratch(gpu));
  const value = resources.use(createTensor(gpu, "x", [ROWS, width], parameter));
  const gradient = resources.use(createTensor(gpu, "g", [ROWS, width]));
  const clock = resources.use(createClock(gpu, 2));
  const optimized = resources.use(createMoments(gpu, value));
  const tape = new Tape(gpu, "optimizer", scratch);
  const double = (direction: Tensor, ending: Ending): void => {
    const output = tape.take("doubled", direction.shape);
    tape.program.clear(output);
    for (let times = 0; times < 2; times++) {
      recordEnding(tape.program, direction, addedTo(output));
    }
    recordEnding(tape.program, output, ending);
  };
  const smoothing = doubledFrom === undefined
    ? undefined
    : { firstRow: doubledFrom, record: double };
  adamW(tape, { value, gradient }, optimized, { clock, settings }, smoothing);
  const program = resources.use(tape.program);
  gradients.forEach((given, step) => {
    if (step % 2 === 0) uploadClock(gpu, clock, TWO_BATCHES, step, settings, factor);
    write(gpu, gradient, given);
    program.run(step % 2);
  });
  return (await readFloats(gpu, value))[0]!;
}

const plain: AdamSettings = { learningRate: 0.1, weightDecay: 0 };

const cases: Record<string, Case> = {
  "plain": { width: 4, settings: plain },
  "a width that is no multiple of 4": { width: 7, settings: plain },
  "decoupled decay": { width: 4, settings: { ...plain, weightDecay: 0.5 } },
  "coupled decay": { width: 4, settings: { ...plain, l2: 0.5 } },
  "other moments": { width: 4, settings: { ...plain, beta1: 0.5, beta2: 0.7, epsilon: 0.1 } },
  "a slower epoch, decay as before": {
    width: 4,
    settings: { ...plain, weightDecay: 0.5 },
    factor: 0.25,
  },
  "smoothed from the sixth row": {
    width: 12,
    settings: { ...plain, weightDecay: 0.5 },
    doubledFrom: 5,
  },
  "all smoothed": { width: 4, settings: plain, doubledFrom: 0 },
};

Deno.test("steps are those of the algorithm", async (test) => {
  using gpu = await openDevice();
  for (const [name, one] of Object.entries(cases)) {
    await test.step(name, async () => {
      const given = data(one.width);
      assertClose(await actual(gpu, one, given), expected(one, given), 1e-5);
      assertEquals(gpu.bytes, 0);
    });
  }
});
