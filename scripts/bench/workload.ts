/**
 * What is measured: a dataset under the settings of its name, from a fixed seed.
 *
 * @module
 */
import type { Dataset } from "../../src/data/dataset.ts";
import type { Gpu } from "../../src/gpu/device.ts";
import { type Model, type Preset, presetFor } from "../../src/models/model.ts";
import { presets, type StairSettings } from "../../src/models/stair.ts";
import { models } from "../../src/models/registry.ts";
import { countMemory } from "../../src/training/count_memory.ts";

/** Seed of everything random in a measurement. */
export const SEED = 1;

/** What each part of the benchmark works on. */
export interface Workload {
  /** What is trained on. */
  readonly dataset: Dataset;
  /** The settings to train STAIR with. */
  readonly preset: Preset<StairSettings>;
  /** Told what is being measured. */
  readonly onProgress: (what: string) => void;
}

/** STAIR's settings for a dataset of this name; Baby's for others. */
export function stairPreset(name: string): Preset<StairSettings> {
  return Object.hasOwn(presets, name) ? presets[name as keyof typeof presets] : presets.baby;
}

/**
 * Makes a model of this kind (a name in src/models/registry.ts).
 *
 * @throws {InputError} when the dataset lacks what the model needs.
 */
export async function createModel(
  gpu: Gpu,
  kind: string,
  { dataset }: Workload,
): Promise<Model> {
  const { model } = presetFor(models[kind]!, dataset.name);
  return await models[kind]!.create(gpu, dataset, { ...model, seed: SEED }, {});
}

/**
 * The most GPU memory that training and ranking a kind of model take at once, by the settings of the
 * dataset's name or another one.
 *
 * @throws {InputError} when the dataset lacks what the model needs.
 * @throws {GpuError} when an array is larger than the adapter allows.
 */
export async function countRun(
  kind: string,
  dataset: Dataset,
  presetName: string = dataset.name,
): Promise<number> {
  const { model, training } = presetFor(models[kind]!, presetName);
  const seeded = { ...model, seed: SEED };
  return await countMemory(models[kind]!, dataset, seeded, { ...training, seed: SEED });
}
