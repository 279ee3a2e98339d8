/**
 * Results of whole runs, kept by what they were asked for, so that a comparison of many runs goes on
 * where it was stopped.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Dataset } from "../data/dataset.ts";
import { fingerprint } from "../data/fingerprint.ts";
import { writeAtomically } from "../files/write_atomically.ts";
import { CACHE_FOLDER } from "../features/preparation.ts";
import { openDevice } from "../gpu/device.ts";
import type { ModelSettings } from "../models/settings.ts";
import { modelNamed } from "../models/registry.ts";
import { hasCheckpoint } from "../runs/run_folder.ts";
import { train, type TrainOptions, type TrainResult } from "../training/train.ts";

/** To be raised when a change of the code changes what runs give: earlier results are not read then. */
const RESULTS_VERSION = 2;

/** A run to be made, or found. */
export interface Experiment {
  /** Name of the model, as in src/models/registry.ts. */
  readonly model: string;
  /** The model's settings, seed included. */
  readonly settings: ModelSettings;
  /** How to train it. */
  readonly training: TrainOptions;
}

/** What a run gave and took. */
export interface KeptResult extends TrainResult {
  /** The GPU it ran on. */
  readonly adapter: string;
  /** The most GPU memory at once, from preparation to the test. */
  readonly peakGpuBytes: number;
}

/**
 * Trains a model on a device of its own, or reads what the same run gave before from `folder`. A run that
 * was stopped goes on; its own folder is removed when it is done.
 *
 * @throws {InputError} when a setting is out of range or the dataset lacks what the model needs.
 * @throws {GpuError} when the GPU fails. Whatever `training.signal` was aborted with is thrown, too.
 */
export async function trainOrRead(
  folder: string,
  dataset: Dataset,
  { model: name, settings, training }: Experiment,
): Promise<KeptResult> {
  using gpu = await openDevice();
  const { signal: _, onEpoch: __, ...lasting } = training;
  const asked = JSON.stringify({
    version: RESULTS_VERSION,
    model: name,
    settings,
    training: lasting,
    adapter: gpu.adapterName,
    data: await fingerprint(dataset),
  });
  const key = createHash("sha256").update(asked).digest("hex").slice(0, 16);
  const out = `${folder}/${name}-${training.seed}-${key}`, path = `${out}.json`;
  const found = await Deno.readTextFile(path).catch(() => undefined);
  if (found !== undefined) return JSON.parse(found).result;
  const resume = await hasCheckpoint(out);
  using model = await modelNamed(name).create(gpu, dataset, settings, {
    cacheFolder: CACHE_FOLDER,
  });
  const outcome = await train(gpu, model, dataset, { ...training, out, resume });
  const result = { ...outcome, adapter: gpu.adapterName, peakGpuBytes: gpu.peakBytes };
  const text = JSON.stringify({ ...JSON.parse(asked), result }, null, 2) + "\n";
  await writeAtomically(path, text);
  await Deno.remove(out, { recursive: true });
  return result;
}
