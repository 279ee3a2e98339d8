/**
 * One training step as programs: for each phase of the model forward, adjoints and optimizer, and a note that
 * the step is done.
 *
 * @module
 */
import { GpuError } from "../gpu/device.ts";
import { PacedQueue } from "../gpu/paced_queue.ts";
import { Program } from "../gpu/program.ts";
import type { Scratch } from "../gpu/scratch.ts";
import { createTensor, readFloats, type Tensor } from "../gpu/tensor.ts";
import type { BuiltModel, Phase } from "../models/model.ts";
import { type AdamSettings, adamW, createMoments, type OptimizedTensor } from "../tape/adamw.ts";
import { type Batch, createBatch, type EpochShape, stepCount } from "../tape/batch.ts";
import { createClock, uploadClock } from "../tape/clock.ts";
import { type Kept, resetKept, Tape, type Variable } from "../tape/tape.ts";
import { type EpochBatches, uploadEpoch } from "./sampler.ts";

/** A recorded step with everything that it reads and writes. */
export interface TrainingStep extends Disposable {
  /** The programs of a batch (from 0), in order: its phases, then the note that it is done. */
  programsOf(batch: number): readonly Program[];
  /** What follows the last batch of an epoch. */
  readonly closing: readonly Program[];
  /** The batch that is trained on. */
  readonly batch: Batch;
  /** Each parameter with its moments, by name. */
  readonly optimized: Readonly<Record<string, OptimizedTensor>>;
  /** Uploads an epoch (from 1) that follows `stepsBefore` earlier steps. */
  load(batches: EpochBatches, stepsBefore: number, epoch: number): void;
  /**
   * Submits the loaded epoch's steps; some of them may be on their way when it returns.
   *
   * @throws {GpuError} when the GPU fails.
   */
  run(): Promise<void>;
  /**
   * Waits for the loaded epoch and reads the loss's terms, steps × terms.
   *
   * @throws {GpuError} when the GPU failed, or left a step out.
   */
  read(): Promise<Float32Array<ArrayBuffer>>;
}

/** A phase of the step, recorded. */
interface PhaseProgram {
  /** The model's phase. */
  readonly phase: Phase;
  /** Its program; one run of it is one batch. */
  readonly program: Program;
  /** What follows its last run in an epoch. */
  readonly closing: Program;
  /** Its records of the epoch's steps. */
  readonly clock: Tensor;
  /** Settings of the optimizer. */
  readonly settings: AdamSettings;
}

/** Allocates optimizer and batches, and records the step. */
export function createTrainingStep(
  model: BuiltModel,
  shape: EpochShape,
  settings: AdamSettings,
  scratch: Scratch,
): TrainingStep {
  const { gpu } = model;
  using resources = new DisposableStack();
  const optimized: Record<string, OptimizedTensor> = {};
  for (const [name, parameter] of Object.entries(model.parameters)) {
    optimized[name] = resources.use(createMoments(gpu, parameter));
  }
  const termCount = Object.keys(model.lossTerms).length;
  const batch = resources.use(createBatch(gpu, shape, termCount));
  const steps = stepCount(shape);
  const done = resources.use(createTensor(gpu, "steps done", [steps]));
  const kept: Kept[] = [batch.losses, batch.terms, done].map((tensor) => ({
    tensor,
    initial: NaN,
  }));
  const phases = model.phases.map((phase, index): PhaseProgram => {
    const own = { ...settings, ...phase.optimizer };
    const clock = index === 0 ? batch.clock : resources.use(createClock(gpu, steps));
    const tape = new Tape(
      gpu,
      `${model.name} ${phase.name}`,
      scratch,
      phase.appliesTo === undefined,
    );
    const program = resources.use(tape.program), closing = resources.use(tape.closing);
    recordPhase(tape, model, phase, { optimized, batch: { ...batch, clock }, settings: own });
    kept.push(...tape.kept);
    return { phase, program, closing, clock, settings: own };
  });
  const ending = resources.use(new Program(gpu, `${model.name}: a step is done`));
  ending.note(batch.clock, done);
  const queue = new PacedQueue(gpu, `${model.name}: training`);
  let stepsBefore = 0;
  const owned = resources.move();
  return {
    programsOf: (batch) => [
      ...phases.filter((one) => applies(one, batch)).map(({ program }) => program),
      ending,
    ],
    closing: phases.map(({ closing }) => closing),
    batch,
    optimized,
    load: (batches, before, epoch) => {
      uploadEpoch(gpu, batch, batches);
      const factor = model.learningRateFactor?.(epoch);
      for (const { clock, settings } of phases) {
        uploadClock(gpu, clock, batches, before, settings, factor);
      }
      resetKept(gpu, kept);
      stepsBefore = before;
    },
    run: () => runSteps(queue, phases, ending, steps),
    read: async () => {
      const [terms, counts] = await readFloats(gpu, batch.terms, done);
      queue.rest();
      if (!gpu.dry) requireEachStep(new Uint32Array(counts!.buffer), stepsBefore);
      return terms!;
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

interface StepTensors {
  readonly optimized: Readonly<Record<string, OptimizedTensor>>;
  readonly batch: Batch;
  readonly settings: AdamSettings;
}

/** Forward, adjoints, optimizer. */
function recordPhase(
  tape: Tape,
  { parameters }: BuiltModel,
  phase: Phase,
  { optimized, batch, settings }: StepTensors,
): void {
  const trained = new Set(phase.trains ?? Object.keys(parameters));
  const variables = Object.fromEntries(
    Object.entries(parameters).map(([name, value]): [string, Variable] => [
      name,
      { value, constant: !trained.has(name), readOnce: true },
    ]),
  );
  phase.record(tape, variables, batch);
  tape.backward();
  const pace = { clock: batch.clock, settings };
  for (const name of trained) {
    const variable = variables[name]!, moments = optimized[name]!;
    if (phase.update) phase.update(tape, variable, { name, optimized: moments, pace });
    else adamW(tape, variable, moments, pace);
  }
  tape.finish();
}

function applies({ phase }: PhaseProgram, batch: number): boolean {
  return phase.appliesTo?.(batch) ?? true;
}

/** Submits the steps of an epoch, waiting where a phase needs the CPU. */
async function runSteps(
  queue: PacedQueue,
  phases: readonly PhaseProgram[],
  ending: Program,
  steps: number,
): Promise<void> {
  for (let step = 0; step < steps; step++) {
    const replays = [];
    for (const { phase, program } of phases.filter((one) => applies(one, step))) {
      replays.push({ program, step });
      if (!phase.after?.appliesTo(step)) continue;
      await queue.add(replays.splice(0));
      await queue.drain();
      await phase.after.run(step);
    }
    await queue.add([...replays, { program: ending, step }]);
  }
  await queue.add(phases.map(({ closing }) => ({ program: closing })));
  queue.flush();
}

/** Checks that the GPU has noted each step. */
function requireEachStep(counts: Uint32Array, stepsBefore: number): void {
  const missing = counts.findIndex((count, step) => count !== stepsBefore + step);
  if (missing < 0) return;
  throw new GpuError(
    `The GPU left out step ${
      missing + 1
    } of ${counts.length} without a word: what it computed since is worth ` +
      `nothing.`,
  );
}
