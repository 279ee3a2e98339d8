/**
 * Where the time of STAIR's training step goes: kernel by kernel, and stage by stage.
 *
 * @module
 */
import { mean } from "d3-array";
import { openDevice } from "../../src/gpu/device.ts";
import { type Command, nameOf } from "../../src/gpu/program.ts";
import { timeCommands, type TimingMethod } from "./timing.ts";
import type { MeanBatch } from "./mean_batch.ts";
import { recordSteps, replaySeconds } from "./recorded_steps.ts";
import { compulsoryBytes } from "./traffic.ts";
import { createModel, type Workload } from "./workload.ts";

/** The parts of a training step. */
export type Stage = "forward" | "loss" | "adjoint and AdamW" | "BSC and update" | "bookkeeping";

/** All of {@linkcode Stage}, in order. */
export const STAGES: readonly Stage[] = [
  "forward",
  "loss",
  "adjoint and AdamW",
  "BSC and update",
  "bookkeeping",
];

/** A kernel in one stage of the step. */
export interface KernelProfile {
  /** What the kernel is called, with its parts, or what another command does. */
  readonly kernel: string;
  /** Stage of the step. */
  readonly stage: Stage;
  /** Dispatches per step. */
  readonly perStep: number;
  /** Median time of a dispatch; the mean of these where there are several. */
  readonly microseconds: number;
  /** Bytes that a dispatch must move at least; the mean where there are several. */
  readonly bytes: number;
  /** Those bytes divided by the time. */
  readonly bytesPerSecond: number;
  /** That speed as a share of a copy's. */
  readonly shareOfCopy: number;
}

/** What was measured of the step. */
export interface StepProfile {
  /** How commands were timed. */
  readonly timing: TimingMethod;
  /** One entry per kernel and stage, in order. */
  readonly kernels: readonly KernelProfile[];
  /** Commands in the step: dispatches, copies and the note that it is done. */
  readonly commands: number;
  /** Time from one step to the next when replayed. */
  readonly microseconds: number;
  /** Share of the commands' summed time, per stage. */
  readonly shares: Readonly<Record<Stage, number>>;
}

/**
 * Times STAIR's training step as a whole and command by command.
 *
 * @param copyBytesPerSecond What copying reaches on this GPU, to compare with.
 * @throws {GpuError} when the GPU fails.
 */
export async function profileStep(
  workload: Workload,
  copyBytesPerSecond: number,
): Promise<StepProfile> {
  workload.onProgress("STAIR's training step, kernel by kernel");
  using gpu = await openDevice();
  using model = await createModel(gpu, "stair", workload);
  using recorded = recordSteps(gpu, model, workload);
  const { step, steps, batch } = recorded;
  const commands = step.programsOf(0).flatMap((program) => program.commands);
  const secondsPerStep = await replaySeconds(gpu, recorded);
  const { method, microseconds } = await timeCommands({ gpu, label: "step", commands }, steps);
  const timed = timedCommands(commands, microseconds, batch);
  return {
    timing: method,
    kernels: profileKernels(timed, copyBytesPerSecond),
    commands: timed.length,
    microseconds: 1e6 * secondsPerStep,
    shares: stageShares(timed),
  };
}

type TimedCommand = Pick<KernelProfile, "kernel" | "stage" | "microseconds" | "bytes">;

function timedCommands(
  commands: readonly Command[],
  microseconds: Float64Array,
  batch: MeanBatch,
): TimedCommand[] {
  const stages = stagesOf(commands);
  return commands.map((command, i) => ({
    kernel: nameOf(command),
    stage: stages[i]!,
    microseconds: microseconds[i]!,
    bytes: compulsoryBytes(command, batch),
  }));
}

/** The stage that a command belongs to wherever it is; others stay in the stage at work. */
const STAGE_OF_FILE: Readonly<Record<string, Stage>> = {
  bpr_scores: "loss",
  bpr_coefficients: "loss",
  "gather/triple_entries": "adjoint and AdamW",
  note: "bookkeeping",
};

/** The stage of each command: BSC follows on the kernel that ends with AdamW. */
function stagesOf(commands: readonly Command[]): Stage[] {
  let current: Stage = "forward";
  return commands.map((command) => {
    const files = "kernel" in command ? command.kernel.files : [nameOf(command)];
    const [own] = files.flatMap((file) => STAGE_OF_FILE[file] ?? []);
    const stage = current = own ?? current;
    if (files.includes("endings/adam_step")) current = "BSC and update";
    return stage;
  });
}

function profileKernels(
  timed: readonly TimedCommand[],
  copyBytesPerSecond: number,
): KernelProfile[] {
  const groups = Map.groupBy(timed, ({ kernel, stage }) => `${kernel} ${stage}`);
  return Array.from(groups.values(), (group) => {
    const { kernel, stage } = group[0]!;
    const microseconds: number = mean(group.map((one) => one.microseconds));
    const bytes: number = mean(group.map((one) => one.bytes));
    const bytesPerSecond = 1e6 * bytes / microseconds;
    return {
      kernel,
      stage,
      perStep: group.length,
      microseconds,
      bytes,
      bytesPerSecond,
      shareOfCopy: bytesPerSecond / copyBytesPerSecond,
    };
  });
}

function stageShares(timed: readonly TimedCommand[]): Readonly<Record<Stage, number>> {
  const timeOf = (part: readonly TimedCommand[]): number =>
    part.reduce((sum, { microseconds }) => sum + microseconds, 0);
  const total = timeOf(timed);
  const share = (wanted: Stage): number =>
    timeOf(timed.filter(({ stage }) => stage === wanted)) / total;
  return Object.fromEntries(STAGES.map((stage) => [stage, share(stage)])) as Record<Stage, number>;
}
