/**
 * Results of whole runs, kept by what they were asked for, so that a comparison of many runs goes on
 * where it was stopped. Needs Deno.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { fingerprint } from "../data/fingerprint.ts";
import { CACHE_FOLDER } from "../features/preparation.ts";
import { hashPieces } from "../files/content_hash.ts";
import { writeAtomically } from "../files/write_atomically.ts";
import { type Gpu, openGpu } from "../gpu/device.ts";
import { settingsFor } from "../models/define_model.ts";
import { hasCheckpoint } from "../runs/run_folder.ts";
import { completeTrainOptions } from "../training/train_options.ts";
import type { TrainResult } from "../training/train.ts";
import { type Experiment, runExperiment } from "./experiment.ts";

/** Raise it when a change of the code changes results: results kept under another number are not read. */
const RESULTS_VERSION = 3;

/**
 * Runs an experiment, or reads what the same one gave before from `folder`. A run that was stopped goes on;
 * its own folder is removed when it is done.
 *
 * @throws {InputError} when a setting is out of range or the dataset lacks what the model needs.
 * @throws {GpuError} when the GPU fails. Whatever `training.signal` was aborted with is thrown, too.
 */
export async function runOrRead(
  folder: string,
  data: Dataset,
  experiment: Experiment,
): Promise<TrainResult> {
  const { kind, training } = experiment;
  using gpu = await openGpu();
  const asked = await describe(gpu, data, experiment);
  const key = (await hashPieces([asked])).slice(0, 16);
  const out = `${folder}/${kind.name}-${key}`, path = `${out}.json`;
  const found = await Deno.readTextFile(path).catch(() => undefined);
  if (found !== undefined) return JSON.parse(found).result;
  const resume = await hasCheckpoint(out);
  const lasting = { ...experiment, training: { ...training, out, resume } };
  const result = await runExperiment(gpu, data, lasting, { cacheFolder: CACHE_FOLDER });
  await writeAtomically(path, JSON.stringify({ ...JSON.parse(asked), result }, null, 2) + "\n");
  await Deno.remove(out, { recursive: true });
  return result;
}

/** All that a result depends on, as JSON. */
async function describe(
  { adapterName: adapter }: Gpu,
  data: Dataset,
  { kind, settings: given, training }: Experiment,
): Promise<string> {
  const planned = settingsFor(kind, data.name, given);
  const { signal: _, onEpoch: __, ...asked } = completeTrainOptions(planned, training);
  return JSON.stringify({
    version: RESULTS_VERSION,
    model: kind.name,
    settings: planned.settings,
    training: asked,
    adapter,
    data: await fingerprint(data),
  });
}
