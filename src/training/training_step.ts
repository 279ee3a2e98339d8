/**
 * One training step as programs: for each phase of the model forward, adjoints and optimizer, and a note that
 * the step is done.
 *
 * @module
 */
import { PacedQueue } from "../gpu/paced_queue.ts";
import { Program } from "../gpu/program.ts";
import type { Scratch } from "../gpu/scratch.ts";
import { createTensor, type Tensor } from "../gpu/tensor.ts";
import type { BuiltModel, Phase } from "../models/model.ts";
import { type AdamSettings, adamW, createMoments, type OptimizedTensor } from "../tape/adamw.ts";
import {
  type Batch,
  createBatch,
  type EpochShape,
  stepCount,
  uploadBatches,
} from "../tape/batch.ts";
import { createClock, uploadClock } from "../tape/clock.ts";
import { type Kept, resetKept, Tape, type Variable } from "../tape/tape.ts";
import { createEpochTable } from "./epoch_table.ts";
import type { EpochBatches } from "./sampler.ts";

/** Where a chunk is. */
export interface ChunkPlace {
  /** Its epoch, from 1. */
  readonly epoch: number;
  /** Steps before its epoch. */
  readonly stepsBefore: number;
  /** Its first batch, counted within the epoch. */
  readonly firstBatch: number;
}

/** A recorded step with everything that it reads and writes. */
export interface TrainingStep extends Disposable {
  /** The programs of an epoch's batch (from 0), in order: its phases, then the note that it is done. */
  programsOf(batch: number): readonly Program[];
  /** What follows the last batch of a chunk. */
  readonly closing: readonly Program[];
  /** The batch that is trained on. */
  readonly batch: Batch;
  /** Each parameter with its moments, by name. */
  readonly optimized: Readonly<Record<string, OptimizedTensor>>;
  /** Uploads a chunk of an epoch; the first of all epochs, at the place of its beginning, unless told. */
  load(batches: EpochBatches, place?: ChunkPlace): void;
  /**
   * Submits the loaded chunk's steps; some of them may be on their way when it returns.
   *
   * @throws {GpuError} when the GPU fails.
   */
  run(): Promise<void>;
  /** Epochs that may be run before somebody reads what they left. */
  readonly room: number;
  /**
   * Waits for all epochs run since the last time, and reads the loss's terms of each, its steps × terms.
   *
   * @throws {GpuError} when the GPU failed, or left a step out.
   */
  read(): Promise<Float32Array<ArrayBuffer>[]>;
}

/** A phase of the step, recorded. */
interface PhaseProgram {
  /** The model's phase. */
  readonly phase: Phase;
  /** Its program; one run of it is one batch. */
  readonly program: Program;
  /** What follows its last run in a chunk. */
  readonly closing: Program;
  /** Its records of the chunk's steps. */
  readonly clock: Tensor;
  /** Settings of the optimizer. */
  readonly settings: AdamSettings;
}

/**
 * Allocates optimizer and batches, and records the step.
 *
 * @param shape Of a chunk.
 * @param epochSteps Steps in an epoch; those of a chunk unless told.
 */
export function createTrainingStep(
  model: BuiltModel,
  shape: EpochShape,
  settings: AdamSettings,
  scratch: Scratch,
  epochSteps = stepCount(shape),
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
  const table = resources.use(createEpochTable(gpu, model.name, epochSteps, termCount));
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
  let loaded = { steps, epoch: 1, stepsBefore: 0, firstBatch: 0 };
  const owned = resources.move();
  return {
    programsOf: (batch) => [
      ...phases.filter((one) => applies(one, batch)).map(({ program }) => program),
      ending,
    ],
    closing: phases.map(({ closing }) => closing),
    batch,
    optimized,
    load: (batches, place = { epoch: 1, stepsBefore: 0, firstBatch: 0 }) => {
      const { epoch, stepsBefore, firstBatch } = place;
      if (firstBatch === 0) table.begin(stepsBefore);
      uploadBatches(gpu, batch, batches);
      const factor = model.learningRateFactor?.(epoch);
      for (const { clock, settings } of phases) {
        uploadClock(gpu, clock, batches, stepsBefore + firstBatch, settings, factor);
      }
      resetKept(gpu, kept);
      loaded = { ...place, steps: batches.batchLength.length };
    },
    run: async () => {
      await runSteps(queue, phases, ending, loaded);
      table.collect({ terms: batch.terms, done }, loaded.firstBatch, loaded.steps);
    },
    room: table.room,
    read: async () => {
      const terms = await table.read();
      queue.rest();
      return terms;
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

/** Submits the steps of a chunk, waiting where a phase needs the CPU. */
async function runSteps(
  queue: PacedQueue,
  phases: readonly PhaseProgram[],
  ending: Program,
  { steps, firstBatch }: { readonly steps: number; readonly firstBatch: number },
): Promise<void> {
  for (let step = 0; step < steps; step++) {
    const replays = [], batch = firstBatch + step;
    for (const { phase, program } of phases.filter((one) => applies(one, batch))) {
      replays.push({ program, step });
      if (!phase.after?.appliesTo(batch)) continue;
      await queue.add(replays.splice(0));
      await queue.drain();
      await phase.after.run(batch);
    }
    await queue.add([...replays, { program: ending, step }]);
  }
  await queue.add(phases.map(({ closing }) => ({ program: closing })));
  queue.flush();
}
