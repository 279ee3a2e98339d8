/**
 * A benchmark as text.
 *
 * @module
 */
import { median } from "d3-array";
import { basename } from "node:path";
import { formatTable } from "../../src/experiments/table.ts";
import type { Benchmark } from "./benchmark.ts";
import type { Growth } from "./growth.ts";
import type { ModelCosts } from "./model_costs.ts";
import { paperCosts, paperDatasets } from "./paper_costs.ts";
import type { PeerComparison } from "./peer.ts";
import type { PreparationCost } from "./preparation_costs.ts";
import type { MeasuredRanking, RecordedRanking } from "./ranking_scale.ts";
import { type GraphSchedule, H100 } from "./schedule.ts";
import { STAGES, type StepProfile } from "./step_profile.ts";
import type { TrainedSteps, TrainingScale } from "./training_scale.ts";

/** All that was measured, as Markdown. */
export function formatBenchmark(benchmark: Benchmark): string {
  const { adapter, copyBytesPerSecond, dataset, batchSize, models } = benchmark;
  const { name, users, items, train } = dataset;
  return [
    `${name}: ${whole(users)} users × ${whole(items)} items, ${whole(train)} train interactions, ` +
    `batches of ${whole(batchSize)}, on ${adapter}`,
    `Copying between buffers: ${digits(copyBytesPerSecond / 1e9)} GB/s, read and written. ` +
    `1 GB = 1,000 MB = 10^9 bytes; the paper's figures are of an RTX 3090.`,
    formatKernels(benchmark.step),
    formatStages(benchmark.step),
    formatEpochs(models, name),
    formatPreparation(benchmark.preparation),
    formatMemory(models),
    ...(benchmark.peer ? [formatPeer(benchmark.peer)] : []),
    ...(benchmark.growth ? [formatGrowth(benchmark.growth)] : []),
  ].join("\n\n");
}

/** Schedules as Markdown. */
export function formatSchedules(schedules: readonly GraphSchedule[]): string {
  const header = [
    "graph",
    "entries",
    "longest row",
    "ideal, on paper",
    "rows in order, on paper",
    "waiting, on paper",
    "segments of at most",
    "segments, on paper",
    "waiting, on paper",
    "entries of a batch's rows, on paper",
  ];
  const rows = schedules.map((schedule) => [
    schedule.graph,
    whole(schedule.entries),
    whole(schedule.longest),
    whole(schedule.ideal),
    whole(schedule.inOrder),
    percent(schedule.waiting),
    whole(schedule.longestSegment),
    whole(schedule.dealt),
    percent(schedule.waitingDealt),
    schedule.nearBatch === undefined ? "–" : percent(schedule.nearBatch),
  ]);
  const title = `A pass over a graph: steps in which a GPU walks ${
    whole(H100.count * H100.rows)
  } rows at the same time`;
  return section(title, header, rows);
}

/** What ranking takes at scale, as Markdown. */
export function formatRankings(recorded: RecordedRanking, measured: MeasuredRanking): string {
  const header = [
    "ranking",
    "interactions",
    "commands",
    "submissions",
    "waits",
    "s",
    "MB",
    "GPU, MB",
  ];
  const sizeOf = (users: number, items: number) => `${whole(users)} users × ${whole(items)} items`;
  const rows = [
    [
      `recorded: ${sizeOf(recorded.users, recorded.items)}`,
      "–",
      recorded.commands,
      "–",
      "–",
      digits(recorded.seconds),
      digits(recorded.mainBytes / 1e6),
      digits(recorded.gpuBytes / 1e6),
    ],
    [
      `done: ${sizeOf(measured.asking, measured.items)}`,
      whole(measured.interactions),
      "–",
      measured.submits,
      measured.waits,
      digits(measured.seconds),
      digits(measured.mainBytes / 1e6),
      digits(measured.gpuBytes / 1e6),
    ],
  ];
  return `${section(`Ranking at scale, on ${measured.adapter}`, header, rows)}\n\n` +
    `Of it, ${digits(measured.secondsForOne)} s for the vectors and one user.`;
}

/** What training takes at scale, as Markdown. */
export function formatTraining(counted: TrainingScale, trained: TrainedSteps): string {
  const header = ["LightGCN, 64 wide", "interactions", "GPU, MB", "main memory, MB", "s per step"];
  const row = (
    what: string,
    { users, items, interactions, gpuBytes, mainBytes }: TrainingScale,
    seconds: string,
  ): string[] => [
    `${what}: ${whole(users)} users × ${whole(items)} items`,
    whole(interactions),
    digits(gpuBytes / 1e6),
    digits(mainBytes / 1e6),
    seconds,
  ];
  const rows = [
    row("counted", counted, "–"),
    row("trained", trained, digits(trained.secondsPerStep)),
  ];
  const { adapter, steps, batchSize, secondsToBegin, loss } = trained;
  return `${section(`Training at scale, on ${adapter}`, header, rows)}\n\n` +
    `Trained were ${steps} steps of ${whole(batchSize)} triples; mean loss ${digits(loss)}. ` +
    `To record a step and to draw its batches took ${digits(secondsToBegin)} s.`;
}

function section(title: string, ...table: Parameters<typeof formatTable>): string {
  return `## ${title}\n\n${formatTable(...table)}`;
}

function formatKernels({ timing, kernels }: StepProfile): string {
  const rows = kernels.map((kernel) => [
    kernel.kernel,
    kernel.stage,
    kernel.perStep,
    digits(kernel.microseconds),
    digits(kernel.bytes / 1e6),
    digits(kernel.bytesPerSecond / 1e9),
    percent(kernel.shareOfCopy),
  ]);
  const header = ["kernel", "stage", "per step", "µs", "MB at the least", "GB/s", "of copying"];
  return section(`Kernels of STAIR's training step, by ${timing}`, header, rows);
}

function formatStages({ commands, microseconds, shares }: StepProfile): string {
  const title = `Stages of the step: ${commands} commands, ${whole(microseconds)} µs replayed`;
  const rows = STAGES.map((stage) => [stage, percent(shares[stage])]);
  return section(title, ["stage", "share of kernel time"], rows);
}

function formatEpochs(models: readonly ModelCosts[], datasetName: string): string {
  const published = paperDatasets.find((dataset) => dataset === datasetName);
  const rows = models.map((costs) => [
    costs.model,
    digits(costs.secondsPerEpoch),
    costs.epochSeconds.length,
    digits(costs.waitsPerEpoch),
    digits(costs.submitsPerSecond),
    digits(costs.rankingSeconds),
    costs.rankingWaits,
    published ? digits(paperCosts[costs.model]![published].seconds) : "–",
  ]);
  const header = [
    "model",
    "s per epoch",
    "median of",
    "waits per epoch",
    "submits per s",
    "s to rank all users",
    "waits",
    "s per epoch, paper",
  ];
  return section("Epochs", header, rows);
}

function formatPreparation(preparation: readonly PreparationCost[]): string {
  const rows = preparation.map(({ what, features, rows, width, seconds }) => [
    what,
    features,
    `${whole(rows)} × ${whole(width)}`,
    digits(seconds),
  ]);
  return section("Preparation", ["what", "features", "size", "seconds"], rows);
}

function formatMemory(models: readonly ModelCosts[]): string {
  const rows = models.map(({ model, peakGpuBytes }) => [
    model,
    digits(peakGpuBytes / 1e6),
    ...paperDatasets.map((dataset) => whole(paperCosts[model]![dataset].megabytes)),
  ]);
  const paper = paperDatasets.map((dataset) => `paper, ${dataset}`);
  return section("GPU memory at most, in MB", ["model", "here", ...paper], rows);
}

function formatPeer({ program, device, threads, ours, theirs, ratio }: PeerComparison): string {
  const row = (name: string, seconds: readonly number[]): string[] => [
    name,
    digits(median(seconds)!),
    seconds.map(digits).join(", "),
  ];
  const title = `Beside PyTorch on ${device} with ${threads} CPU threads, in turns`;
  const rows = [row("ours", ours), row(basename(program), theirs)];
  return `${section(title, ["program", "s per epoch", "each"], rows)}\n\n` +
    `Theirs takes ${digits(ratio)} times as long as ours.`;
}

function formatGrowth(growth: readonly Growth[]): string {
  const rows = growth.map((
    { factor, interactions, secondsPerStep, perInteraction, peakGpuBytes },
  ) => [
    factor,
    whole(interactions),
    digits(secondsPerStep),
    digits(perInteraction),
    digits(peakGpuBytes / 1e6),
  ]);
  const header = [
    "times",
    "interactions",
    "s per step",
    "per interaction, relative",
    "GPU memory, MB",
  ];
  return section("Growth of STAIR's training step", header, rows);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** Three digits, the small and the large alike. */
function digits(value: number): string {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 3 });
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}
