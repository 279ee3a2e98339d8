/**
 * What is measured: a dataset under the settings of its name, from a fixed seed.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { Gpu } from "../gpu/device.ts";
import { type Model, type Preset, presetFor } from "../models/model.ts";
import { presets, type StairSettings } from "../models/stair.ts";
import { models } from "../models/registry.ts";

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
 * Makes a model of this kind (a name in src/models/registry.ts), features prepared anew.
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
