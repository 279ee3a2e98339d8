/**
 * A run's folder: config.json, metrics.csv, best.safetensors, last.safetensors, summary.json.
 *
 * A run may be killed at any moment, and goes on from last.safetensors with the same bits. Files are replaced
 * whole; metrics.csv, only appended to, may be ahead of last.safetensors, and then loses rows when the run goes
 * on; best.safetensors is written first, and may be ahead, too: the run then comes by that epoch once more.
 *
 * @module
 */
import { isThere } from "../files/is_there.ts";
import { readFile } from "../files/open_source.ts";
import { isTemporary, writeAtomically } from "../files/write_atomically.ts";
import type { Metrics } from "../evaluation/metrics.ts";
import { InputError } from "../input_error.ts";
import { type BestSoFar, loadCheckpoint, requireShapes, saveCheckpoint } from "./checkpoint.ts";
import type { RunConfig } from "./run_config.ts";
import { isMoment, type StreamedState, type TrainingState } from "../models/saved_tensor.ts";

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

/** Description of the run that a folder is opened for. */
export interface RunDescription {
  /** The folder. */
  readonly path: string;
  /** Settings of the run. */
  readonly config: RunConfig;
  /** Names of what is measured on validation: columns of metrics.csv. */
  readonly metrics: readonly string[];
  /** Shapes of what a checkpoint holds, by name. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Folder of the dataset, if it has one. Not in checkpoints: they are the same wherever it lies. */
  readonly data?: string;
}

/** An open run folder. */
export interface RunFolder {
  /** Where it is. */
  readonly path: string;
  /** Replaces best.safetensors. */
  saveBest(state: StreamedState, best: BestSoFar): Promise<void>;
  /** Replaces last.safetensors, once all rows so far are on the disk. */
  saveLast(state: StreamedState, best: BestSoFar): Promise<void>;
  /** Appends a row to metrics.csv. */
  appendMetrics(row: MetricsRow): Promise<void>;
}

/** The state that a stopped run is resumed from. */
export interface Resumed {
  /** The state to go on from. */
  readonly last: TrainingState;
  /** The best state so far, without moments. */
  readonly bestState: TrainingState;
  /** Epoch and metric of the best state. */
  readonly best: BestSoFar;
  /** Rows of metrics.csv up to the state's epoch. */
  readonly rows: readonly MetricsRow[];
}

/** Columns of metrics.csv before those of the metrics. */
const COLUMNS = ["epoch", "loss", "seconds"];

/**
 * Opens a folder for a new run, or for going on with the one in it, of which metrics.csv keeps `rows`.
 * A run that is not gone on with is kept beside it, as PATH.previous.
 *
 * @throws {InputError} when the folder cannot be written.
 */
export async function openRunFolder(
  { path: folder, config, metrics, data }: RunDescription,
  rows?: readonly MetricsRow[],
): Promise<RunFolder> {
  const path = absolute(folder);
  if (!rows) await keepPrevious(path);
  await remove(`${path}/summary.json`);
  await removeUnfinished(path);
  await writeAtomically(`${path}/config.json`, JSON.stringify({ ...config, data }, null, 2) + "\n");
  const lines = [
    [...COLUMNS, ...metrics].join(),
    ...rows?.map((row) => format(row, metrics)) ?? [],
  ];
  await writeAtomically(`${path}/metrics.csv`, lines.join("\n") + "\n");
  const { length: _, ...lasting } = config;
  return {
    path,
    saveBest: (state, best) =>
      saveCheckpoint(`${path}/best.safetensors`, { state, config: lasting, best }),
    saveLast: async (state, best) => {
      await toDisk(`${path}/metrics.csv`);
      await saveCheckpoint(`${path}/last.safetensors`, { state, config: lasting, best });
    },
    appendMetrics: (row) => appendLine(`${path}/metrics.csv`, format(row, metrics)),
  };
}

async function appendLine(path: string, line: string): Promise<void> {
  try {
    using file = await Deno.open(path, { append: true });
    const bytes = new TextEncoder().encode(line + "\n");
    // A single write: after a crash a line is complete, or lacks its line break and is dropped on resuming.
    await file.write(bytes);
  } catch (error) {
    throw new InputError(`Cannot write ${path}: ${(error as Error).message}.`);
  }
}

/** Waits until what was written to a file is on the disk. */
async function toDisk(path: string): Promise<void> {
  try {
    using file = await Deno.open(path, { append: true });
    await file.syncData();
  } catch (error) {
    throw new InputError(`Cannot write ${path}: ${(error as Error).message}.`);
  }
}

/** Removes what a run that was killed had not written to the end. */
async function removeUnfinished(path: string): Promise<void> {
  if (!await isThere(path)) return;
  for await (const { name } of Deno.readDir(path)) {
    if (isTemporary(name)) await remove(`${path}/${name}`);
  }
}

/** Removes a file or folder, if it is there. */
async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw new InputError(`Cannot remove ${path}: ${(error as Error).message}.`);
  }
}

/** A line of metrics.csv. Losses and metrics keep all their digits, so that they are read back as they were. */
function format({ epoch, loss, seconds, valid }: MetricsRow, metrics: readonly string[]): string {
  const values = metrics.map((name) => valid?.[name] ?? "");
  return [epoch, loss ?? "", seconds?.toFixed(4) ?? "", ...values].join();
}

/** Reads the lines of metrics.csv up to an epoch; one that was cut short is left out. */
function parseRows(
  path: string,
  text: string,
  metrics: readonly string[],
  last: number,
): MetricsRow[] {
  const [header = "", ...lines] = text.split("\n");
  const columns = [...COLUMNS, ...metrics].join();
  if (header !== columns) {
    throw new InputError(`${path} line 1: its columns are ${header}, and should be ${columns}.`);
  }
  // The last piece is what follows the final line break: nothing, or a line cut short.
  return lines.slice(0, -1).map((line, at): MetricsRow => {
    const cells = line.split(",").map((cell) => cell === "" ? undefined : Number(cell));
    const [epoch, loss, seconds, ...values] = cells;
    const wrong = cells.length !== COLUMNS.length + metrics.length || epoch === undefined ||
      cells.some(Number.isNaN);
    if (wrong) throw new InputError(`${path} line ${at + 2} is no row of numbers: ${line}.`);
    const measured = metrics.flatMap((name, m) =>
      values[m] === undefined ? [] : [[name, values[m]]]
    );
    const valid: Metrics | undefined = measured.length > 0
      ? Object.fromEntries(measured)
      : undefined;
    return { epoch, loss, seconds, valid };
  }).filter(({ epoch }) => epoch <= last);
}

/** A path that stays right when the working directory changes, without slashes at its end. */
function absolute(folder: string): string {
  const path = folder.replace(/(?<=.)[\\/]+$/, "");
  const isAbsolute = Deno.build.os === "windows" ? /^([\\/]|[A-Za-z]:)/ : /^\//;
  return isAbsolute.test(path) ? path : `${Deno.cwd()}/${path}`;
}

/** Renames an earlier run to PATH.previous, replacing the run kept there before. */
async function keepPrevious(path: string): Promise<void> {
  if (!(await isThere(`${path}/config.json`) && await hasCheckpoint(path))) return;
  await remove(`${path}.previous`);
  try {
    await Deno.rename(path, `${path}.previous`);
  } catch (error) {
    throw new InputError(
      `Cannot keep the run in ${path} as ${path}.previous: ${(error as Error).message}.`,
    );
  }
}

/** Whether a folder holds a run to go on with. */
export async function hasCheckpoint(path: string): Promise<boolean> {
  return await isThere(`${path}/last.safetensors`);
}

/**
 * Reads where the run in a folder goes on.
 *
 * @throws {InputError} when there is none, or it was started with other settings or on other data, or
 * has trained more than `epochs` already.
 */
export async function readResumed(
  { path, config, metrics, shapes }: RunDescription,
  epochs: number,
): Promise<Resumed> {
  if (!await hasCheckpoint(path)) {
    throw new InputError(`Cannot resume ${path}: there is no last.safetensors of a run in it.`);
  }
  const last = await loadCheckpoint(`${path}/last.safetensors`);
  requireSame(path, last.config, config);
  requireShapes(`${path}/last.safetensors`, last.state.tensors, shapes);
  // best.safetensors is written before last.safetensors, so it is never older than `last` says.
  const best = await loadCheckpoint(`${path}/best.safetensors`);
  const trained = Math.max(last.state.epoch, best.state.epoch);
  if (trained > epochs) {
    throw new InputError(
      `Cannot resume ${path}: it has trained ${trained} epochs, more than ${epochs}.`,
    );
  }
  const modelShapes = Object.entries(shapes).filter(([name]) => !isMoment(name));
  requireShapes(`${path}/best.safetensors`, best.state.tensors, Object.fromEntries(modelShapes));
  const metricsPath = `${path}/metrics.csv`;
  const text = new TextDecoder().decode(await readFile(metricsPath));
  return {
    last: last.state,
    bestState: best.state,
    best: best.best,
    rows: parseRows(metricsPath, text, metrics, last.state.epoch),
  };
}

/**
 * Epochs and patience may change. An epoch count that is no multiple of the evaluation interval adds an
 * evaluation where the run was to end; anything else would not give the same bits.
 */
function requireSame(path: string, before: RunConfig, now: RunConfig): void {
  const flat = ({ model, dataset, fingerprint, settings, training }: RunConfig) =>
    new Map(
      Object.entries({ model, dataset, ...settings, ...training, data: fingerprint })
        .map(([name, value]) => [name, JSON.stringify(value)]),
    );
  const earlier = flat(before);
  for (const [name, value] of flat(now)) {
    if (earlier.get(name) !== value) {
      throw new InputError(
        `Cannot resume ${path}: it was started with ${name} ${earlier.get(name)}, not ${value}.`,
      );
    }
  }
}
