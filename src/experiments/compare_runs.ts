/**
 * Runs that are there already, user by user: what each gives in the test split, and how sure it is that the first one
 * differs from it.
 *
 * @module
 */
import { mean } from "d3-array";
import { fingerprint } from "../data/fingerprint.ts";
import { type BootstrapInterval, pairedBootstrap } from "../evaluation/bootstrap.ts";
import { DEFAULT_METRICS, type MetricsPerUser } from "../evaluation/metrics.ts";
import { evaluatePerUser } from "../evaluation/ranking.ts";
import type { PreparationOptions } from "../features/preparation.ts";
import type { Gpu } from "../gpu/device.ts";
import { InputError } from "../input_error.ts";
import type { ModelKind } from "../models/model.ts";
import { openRun } from "../runs/open_run.ts";
import { formatTable } from "./table.ts";

/** How runs are compared. */
export interface CompareRunsOptions extends Pick<PreparationOptions, "cacheFolder"> {
  /** What is measured, for each user; Recall and NDCG at 10 and 20 unless told. */
  readonly metrics?: readonly string[];
  /** Kinds of models that are not of this library. */
  readonly models?: readonly ModelKind[];
  /** Told of every run that is measured. */
  readonly onProgress?: (done: number, total: number, folder: string) => void;
}

/** A run that was measured. */
export interface ComparedRun {
  /** Its folder. */
  readonly run: string;
  /** Its model. */
  readonly model: string;
  /** Means over users. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Of each metric, what the first run has more, with a 95 % interval over users; not of the first itself. */
  readonly lead?: Readonly<Record<string, BootstrapInterval>>;
}

/** What a comparison of runs found. */
export interface RunComparison {
  /** The runs, in their order. */
  readonly rows: readonly ComparedRun[];
  /** The rows as a Markdown table. */
  readonly table: string;
}

/**
 * Tests every run at its best state, and compares the first with each.
 *
 * @throws {InputError} when there are fewer than two runs, one cannot be opened, or they are not of one dataset.
 * @throws {GpuError} when the GPU fails.
 */
export async function compareRuns(
  gpu: Gpu,
  folders: readonly string[],
  { metrics = DEFAULT_METRICS, models, onProgress, cacheFolder }: CompareRunsOptions = {},
): Promise<RunComparison> {
  if (folders.length < 2) throw new InputError("A comparison needs two runs at least.");
  const rows: ComparedRun[] = [];
  let first: { readonly print: string; readonly perUser: MetricsPerUser } | undefined;
  for (const [done, folder] of folders.entries()) {
    using run = await openRun(gpu, folder, { cacheFolder, models });
    const { data, model } = run, print = await fingerprint(data);
    if (first && first.print !== print) {
      throw new InputError(`${folder} and ${folders[0]} are runs on different data.`);
    }
    const perUser = await evaluatePerUser(model, data, "test", { metrics });
    const { values } = perUser;
    const means = Object.entries(values).map(([name, each]) => [name, mean(each) ?? NaN] as const);
    const lead = first && leadOf(first.perUser, perUser);
    const row = { run: folder, model: model.name, metrics: Object.fromEntries(means) };
    rows.push({ ...row, ...(lead ? { lead } : {}) });
    first ??= { print, perUser };
    onProgress?.(done + 1, folders.length, folder);
  }
  return { rows, table: tableOf(rows) };
}

function leadOf(first: MetricsPerUser, other: MetricsPerUser): Record<string, BootstrapInterval> {
  const names = Object.keys(other.values);
  return Object.fromEntries(
    names.map((name) => [name, pairedBootstrap(first.values[name]!, other.values[name]!)]),
  );
}

function tableOf(rows: readonly ComparedRun[]): string {
  const names = Object.keys(rows[0]!.metrics), last = names.at(-1)!;
  const digits = (value: number): string => value.toFixed(4).replace("-", "−");
  const header = ["run", "model", ...names, `the first's ${last} is more by`];
  const cells = rows.map(({ run, model, metrics, lead }) => [
    run.replace(/^.*[/\\](?=.)/, ""),
    model,
    ...names.map((name) => digits(metrics[name]!)),
    lead
      ? `${digits(lead[last]!.meanDifference)} (${digits(lead[last]!.low)} to ${
        digits(lead[last]!.high)
      })`
      : "",
  ]);
  return formatTable(header, cells);
}
