/** Steps of several phases: what each trains, when it runs, and what waits for it. */
import { assertEquals } from "@std/assert";
import { type GpuDevice, openDevice } from "../../src/gpu/device.ts";
import { Scratch } from "../../src/gpu/scratch.ts";
import { createTensor, createTensors, readFloats, type Tensor } from "../../src/gpu/tensor.ts";
import type { BuiltModel, Phase } from "../../src/models/model.ts";
import { adamW } from "../../src/tape/adamw.ts";
import { recordEnding, storedIn } from "../../src/tape/ending.ts";
import type { Tape, Variable } from "../../src/tape/tape.ts";
import { createRandom } from "../../src/random.ts";
import { gatherBatches } from "../../src/training/sampler.ts";
import { createTrainingStep } from "../../src/training/training_step.ts";
import { madeModel } from "../models/made_model.ts";
import { madeEpoch } from "../ops/made_epoch.ts";

const EPOCH = madeEpoch(createRandom(28), { users: 3, items: 4, triples: 10, batchSize: 3 });
/** Without memory, every step of the optimizer moves by the learning rate against a gradient of 1. */
const OPTIMIZER = { learningRate: 0.25, weightDecay: 0, beta1: 0, beta2: 0 };

/** Gives a variable a gradient of ones, if it may have one. */
function pull(tape: Tape, variable: Variable): void {
  tape.adjoint(() => {
    if (variable.constant) return;
    const { shape } = variable.value;
    const ones = createTensor(tape.gpu, "ones", shape, new Float32Array(shape[0]!).fill(1));
    variable.gradient = tape.take("gradient", shape);
    recordEnding(tape.program, ones, storedIn(variable.gradient));
  });
}

/** A model of two parameters, of width 5, that are not used for anything. */
function openModel(gpu: GpuDevice, phases: readonly Phase[]): BuiltModel {
  const tensors = createTensors(gpu, { x: ["x", [5]], y: ["y", [5]] });
  const { x, y } = tensors;
  return madeModel(gpu, { userCount: EPOCH.users, itemCount: EPOCH.items }, {
    parameters: { x, y },
    lossTerms: {},
    phases,
    represent: () => x,
    [Symbol.dispose]: () => tensors[Symbol.dispose](),
  });
}

/** Runs an epoch of four batches and returns the first elements of x and y. */
async function runEpoch(phases: readonly Phase[], factor?: number): Promise<number[]> {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  using plain = openModel(gpu, phases);
  const model = factor === undefined ? plain : { ...plain, learningRateFactor: () => factor };
  using step = createTrainingStep(model, EPOCH.shape, OPTIMIZER, scratch);
  step.load(gatherBatches(EPOCH.triples, EPOCH.shape));
  await step.run();
  const { x, y } = plain.parameters as Record<"x" | "y", Tensor>;
  return (await readFloats(gpu, x, y)).map((values) => {
    assertEquals(values, new Float32Array(5).fill(values[0]!));
    return values[0]!;
  });
}

const both = (tape: Tape, { x, y }: Readonly<Record<string, Variable>>): void => {
  pull(tape, x!);
  pull(tape, y!);
};

Deno.test("a phase trains all parameters, or those it names", async () => {
  assertEquals(await runEpoch([{ name: "both", record: both }]), [-1, -1]);
  assertEquals(await runEpoch([{ name: "x", trains: ["x"], record: both }]), [-1, 0]);
});

Deno.test("phases follow each other, each with its own optimizer and batches", async () => {
  const phases: Phase[] = [
    { name: "x", trains: ["x"], record: both, appliesTo: (batch) => batch % 2 === 1 },
    { name: "y", trains: ["y"], record: both, optimizer: { learningRate: 0.5 } },
  ];
  assertEquals(await runEpoch(phases), [-0.5, -2]);
});

Deno.test("a parameter without a gradient is trained with zero", async () => {
  const none: Phase = { name: "none", record: () => {}, optimizer: { weightDecay: 1 } };
  assertEquals(await runEpoch([{ name: "both", record: both }, none]), [
    // x ← 3/4 (x − 1/4) four times over
    ...Array.from({ length: 2 }, () => -0.25 * (0.75 + 0.75 ** 2 + 0.75 ** 3 + 0.75 ** 4)),
  ]);
});

Deno.test("the learning rate follows its factor", async () => {
  assertEquals(await runEpoch([{ name: "both", record: both }], 0.5), [-0.5, -0.5]);
});

Deno.test("a phase may update parameters in its own way", async () => {
  const doubled: Phase = {
    name: "x twice as far",
    record: both,
    update: (tape, parameter, { name, optimized, pace }) => {
      const { settings } = pace;
      const learningRate = name === "x" ? 2 * settings.learningRate : settings.learningRate;
      adamW(tape, parameter, optimized, { ...pace, settings: { ...settings, learningRate } });
    },
  };
  assertEquals(await runEpoch([doubled]), [-2, -1]);
});

Deno.test("what comes after a phase finds it done, and all later work waits", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const seen: [batch: number, x: number, y: number][] = [];
  const phases: Phase[] = [
    {
      name: "x",
      trains: ["x"],
      record: both,
      after: {
        appliesTo: (batch) => batch !== 2,
        run: async (batch) => {
          const [x, y] = await readFloats(gpu, model.parameters.x!, model.parameters.y!);
          seen.push([batch, x![0]!, y![0]!]);
        },
      },
    },
    { name: "y", trains: ["y"], record: both },
  ];
  using model = openModel(gpu, phases);
  using step = createTrainingStep(model, EPOCH.shape, OPTIMIZER, scratch);
  step.load(gatherBatches(EPOCH.triples, EPOCH.shape));
  await step.run();
  assertEquals(seen, [[0, -0.25, 0], [1, -0.5, -0.25], [3, -1, -0.75]]);
});
