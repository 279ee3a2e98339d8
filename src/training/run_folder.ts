/**
 * A run's folder: config.json, metrics.csv, best.safetensors, last.safetensors, summary.json.
 *
 * Files are replaced whole, and metrics only appended to, so that a run may be stopped at any moment
 * and goes on from last.safetensors with the same bits.
 *
 * @module
 */
import { writeAtomically } from "../data/write_atomically.ts";
import type { Metrics } from "../evaluation/metrics.ts";
import { InputError } from "../input_error.ts";
import {
  type BestSoFar,
  loadCheckpoint,
  readBytes,
  type RunConfig,
  saveCheckpoint,
} from "./checkpoint.ts";
import type { TrainingState } from "./trainer.ts";

/** A row of metrics.csv. */
export interface MetricsRow {
  /** Number of the epoch; 0 before training. */
  readonly epoch: number;
  /** Mean loss; none for epoch 0. */
  readonly loss?: number;
  /** Seconds of the training steps; none for epoch 0. */
  readonly seconds?: number;
  /** Validation metrics, in epochs that were evaluated. */
  readonly valid?: Metrics;
}

/** What a run folder is opened for. */
export interface RunDescription {
  /** Everything that the run was asked for. */
  readonly config: RunConfig;
  /** Shape of the embeddings. */
  readonly shape: readonly number[];
  /** Folder of the dataset, if it has one. Not in checkpoints: they are the same wherever it lies. */
  readonly data?: string;
  /** Whether to go on with the run in the folder. */
  readonly resume: boolean;
}

/** An open run folder. */
export interface RunFolder {
  /** Where it is. */
  readonly path: string;
  /** What an earlier run left, if this one goes on from it. */
  readonly resumed?: Resumed;
  /** Replaces best.safetensors. */
  saveBest(state: TrainingState, best: BestSoFar): Promise<void>;
  /** Replaces last.safetensors. */
  saveLast(state: TrainingState, best: BestSoFar): Promise<void>;
  /** Appends a row to metrics.csv. */
  appendMetrics(row: MetricsRow): Promise<void>;
}

/** Where a stopped run goes on. */
export interface Resumed {
  /** The state to go on from. */
  readonly last: TrainingState;
  /** The best state so far. */
  readonly bestState: TrainingState;
  /** Its epoch and metric. */
  readonly best: BestSoFar;
  /** Lines of metrics.csv up to the state's epoch. */
  readonly rows: readonly string[];
  /** Seconds of the epochs trained. */
  readonly seconds: number[];
}

const METRICS = ["recall@10", "recall@20", "ndcg@10", "ndcg@20"];
const HEADER = ["epoch", "loss", "seconds", ...METRICS];

/**
 * Opens a folder for a new run, or for going on with the one in it. An earlier run that is not gone on
 * with is kept beside it, as PATH.previous.
 *
 * @throws {InputError} when there is nothing to resume, or it was started with other settings.
 */
export async function openRunFolder(
  path: string,
  { config, shape, data, resume }: RunDescription,
): Promise<RunFolder> {
  const file = (name: string): string => `${path}/${name}`;
  const before = resume ? await readResumed(path, config, shape) : undefined;
  if (!resume) await keepPrevious(path);
  await writeAtomically(file("config.json"), JSON.stringify({ ...config, data }, null, 2) + "\n");
  await writeAtomically(
    file("metrics.csv"),
    [HEADER.join(), ...before?.rows ?? []].join("\n") + "\n",
  );
  const save = (name: string) => (state: TrainingState, best: BestSoFar): Promise<void> =>
    saveCheckpoint(file(name), { state, shape, config, best });
  return {
    path,
    resumed: before,
    saveBest: save("best.safetensors"),
    saveLast: save("last.safetensors"),
    appendMetrics: (row) =>
      Deno.writeTextFile(file("metrics.csv"), formatRow(row) + "\n", { append: true }),
  };
}

function formatRow({ epoch, loss, seconds, valid }: MetricsRow): string {
  const metrics = METRICS.map((name) => valid?.[name] ?? "");
  return [epoch, loss ?? "", seconds?.toFixed(4) ?? "", ...metrics].join();
}

/** Moves an earlier run out of the way; the one before that goes. */
async function keepPrevious(path: string): Promise<void> {
  try {
    await Deno.stat(`${path}/config.json`);
  } catch {
    return;
  }
  await Deno.remove(`${path}.previous`, { recursive: true }).catch(() => {});
  await Deno.rename(path, `${path}.previous`);
}

async function readResumed(
  path: string,
  config: RunConfig,
  shape: readonly number[],
): Promise<Resumed> {
  const last = await loadCheckpoint(`${path}/last.safetensors`);
  requireSame(path, last.config, config);
  if (last.shape.join() !== shape.join()) {
    throw new InputError(
      `${path}/last.safetensors holds embeddings of ${last.shape.join(" × ")}, ` +
        `but this dataset and model need ${shape.join(" × ")}.`,
    );
  }
  // Never older than `last` says: it is written first.
  const best = await loadCheckpoint(`${path}/best.safetensors`);
  const metrics = new TextDecoder().decode(await readBytes(`${path}/metrics.csv`));
  const lines = metrics.split("\n");
  // The last piece is what follows the final line break: nothing, or a line cut short.
  const rows = lines.slice(1, -1).filter((line) => Number(line.split(",")[0]) <= last.state.epoch);
  return {
    last: last.state,
    bestState: best.state,
    best: best.best,
    rows,
    seconds: rows.map((line) => line.split(",")[2]!).filter((cell) => cell !== "").map(Number),
  };
}

/** Epochs and patience may change; anything else would not give the same bits. */
function requireSame(path: string, before: RunConfig, now: RunConfig): void {
  const fixed = ({ model, dataset, settings, training }: RunConfig): Map<string, string> => {
    const { epochs: _, patience: __, ...rest } = training;
    const entries = Object.entries({ model, dataset, ...settings, ...rest });
    return new Map(entries.map(([name, value]) => [name, JSON.stringify(value)]));
  };
  const earlier = fixed(before);
  for (const [name, value] of fixed(now)) {
    if (earlier.get(name) !== value) {
      throw new InputError(
        `Cannot resume ${path}: it was started with ${name} ${earlier.get(name)}, not ${value}.`,
      );
    }
  }
}
