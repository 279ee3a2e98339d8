/**
 * What is measured: a dataset under the settings of its name, from a fixed seed.
 *
 * @module
 */
import type { Dataset } from "../../src/data/dataset.ts";
import type { GpuDevice } from "../../src/gpu/device.ts";
import { settingsFor } from "../../src/models/define_model.ts";
import { type BuiltModel, builtModel, type TrainingSettings } from "../../src/models/model.ts";
import { modelNamed } from "../../src/models/registry.ts";
import { type ModelSettings, requireSettings } from "../../src/models/settings.ts";
import { settings as stairTable, stair, type StairSettings } from "../../src/models/stair.ts";
import { countMemory } from "../../src/training/count_memory.ts";

/** Seed of everything random in a measurement. */
export const SEED = 1;

/** What each part of the benchmark works on. */
export interface Workload {
  /** What is trained on. */
  readonly dataset: Dataset;
  /** STAIR's settings. */
  readonly settings: StairSettings;
  /** How to train STAIR. */
  readonly training: TrainingSettings;
  /** Told what is being measured. */
  readonly onProgress: (what: string) => void;
}

/** STAIR's settings for a dataset of this name; Baby's for others. */
export function stairSettings(dataset: string): Pick<Workload, "settings" | "training"> {
  const planned = settingsFor(stair, dataset, { seed: SEED });
  const settings: ModelSettings = planned.settings, { training } = planned;
  requireSettings(stair.name, stairTable, settings);
  return { settings, training };
}

/**
 * Makes a model of this kind (a name in src/models/registry.ts).
 *
 * @throws {InputError} when the dataset lacks what the model needs.
 */
export async function createModel(
  gpu: GpuDevice,
  kind: string,
  { dataset }: Workload,
): Promise<BuiltModel> {
  return builtModel(await modelNamed(kind).create(gpu, dataset, { seed: SEED }));
}

/**
 * The most GPU memory that training and ranking a kind of model take at once, by the settings of the
 * dataset's name or another one.
 *
 * @throws {InputError} when the dataset lacks what the model needs.
 */
export async function countRun(
  name: string,
  dataset: Dataset,
  presetName: string = dataset.name,
): Promise<number> {
  const kind = modelNamed(name);
  const { settings, training } = settingsFor(kind, presetName, { seed: SEED });
  const options = { ...training, seed: SEED };
  const { gpuBytes } = await countMemory(kind, dataset, settings, options);
  return gpuBytes;
}
