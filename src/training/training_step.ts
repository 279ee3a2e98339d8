/**
 * One training step as programs: for each phase of the model forward, adjoints and optimizer, and on to
 * the next batch.
 *
 * @module
 */
import type { GpuDevice } from "../gpu/device.ts";
import { getKernel } from "../gpu/kernel.ts";
import { Program, runPrograms } from "../gpu/program.ts";
import type { Scratch } from "../gpu/scratch.ts";
import type { Tensor } from "../gpu/tensor.ts";
import advance from "../../kernels/advance.wgsl" with { type: "text" };
import type { BuiltModel, Phase } from "../models/model.ts";
import {
  type AdamSettings,
  adamW,
  createMoments,
  createSchedule,
  type OptimizedTensor,
  uploadSchedule,
} from "../tape/adamw.ts";
import { type Batch, createBatch, type EpochShape, stepCount } from "../tape/batch.ts";
import { Tape, type Variable } from "../tape/tape.ts";
import { type EpochBatches, uploadEpoch } from "./sampler.ts";

/** A recorded step with everything that it reads and writes. */
export interface TrainingStep extends Disposable {
  /** The programs of a batch (from 0), in order: its phases, then the one that moves the clock on. */
  programsOf(batch: number): readonly Program[];
  /** The batch that is trained on; its `terms` get the loss. */
  readonly batch: Batch;
  /** Each parameter with its moments, by name. */
  readonly optimized: Readonly<Record<string, OptimizedTensor>>;
  /** Uploads an epoch (from 1) that follows `stepsBefore` earlier steps. */
  load(batches: EpochBatches, stepsBefore: number, epoch: number): void;
  /** Submits the loaded epoch's steps; returns before the GPU is done unless a phase has to wait. */
  run(): Promise<void>;
}

/** A phase of the step, recorded. */
interface PhaseProgram {
  /** The model's phase. */
  readonly phase: Phase;
  /** Its program; one run of it is one batch. */
  readonly program: Program;
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
  const schedules: { schedule: Tensor; settings: AdamSettings }[] = [];
  const phases = model.phases.map((phase): PhaseProgram => {
    const own = { ...settings, ...phase.optimizer };
    const schedule = resources.use(createSchedule(gpu, steps));
    schedules.push({ schedule, settings: own });
    const tape = new Tape(gpu, `${model.name} ${phase.name}`, scratch);
    const program = resources.use(tape.program);
    recordPhase(tape, model, phase, { optimized, batch, schedule, settings: own });
    return { phase, program };
  });
  const turn = resources.use(new Program(gpu, `${model.name}: next batch`));
  turn.dispatch(
    getKernel(gpu, { name: "advance", code: advance }),
    { next_clock: batch.clock },
    {},
    { workgroups: 1 },
  );
  const owned = resources.move();
  return {
    programsOf: (batch) => [
      ...phases.filter((one) => applies(one, batch)).map(({ program }) => program),
      turn,
    ],
    batch,
    optimized,
    load: (batches, stepsBefore, epoch) => {
      uploadEpoch(gpu, batch, batches, stepsBefore);
      const factor = model.learningRateFactor?.(epoch);
      for (const { schedule, settings } of schedules) {
        uploadSchedule(gpu, schedule, stepsBefore, settings, factor);
      }
    },
    run: () => runSteps(gpu, phases, turn, steps),
    [Symbol.dispose]: () => owned.dispose(),
  };
}

interface StepTensors {
  readonly optimized: Readonly<Record<string, OptimizedTensor>>;
  readonly batch: Batch;
  readonly schedule: Tensor;
  readonly settings: AdamSettings;
}

/** Forward, adjoints, optimizer. */
function recordPhase(
  tape: Tape,
  { parameters }: BuiltModel,
  phase: Phase,
  { optimized, batch, schedule, settings }: StepTensors,
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
  const pace = { clock: batch.clock, schedule, settings };
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

/** Submits programs together up to the next phase that needs the CPU. */
async function runSteps(
  gpu: GpuDevice,
  phases: readonly PhaseProgram[],
  turn: Program,
  steps: number,
): Promise<void> {
  const pending: Program[] = [];
  for (let batch = 0; batch < steps; batch++) {
    for (const { phase, program } of phases.filter((one) => applies(one, batch))) {
      pending.push(program);
      if (!phase.after?.appliesTo(batch)) continue;
      runPrograms(gpu, pending.splice(0));
      await gpu.finish();
      await phase.after.run(batch);
    }
    pending.push(turn);
  }
  runPrograms(gpu, pending);
}
