/**
 * What is measured: a dataset under the settings of its name, from a fixed seed.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Model } from "../models/model.ts";
import { models } from "../models/registry.ts";
import type { Preset } from "../training/presets.ts";

/** Seed of everything random in a measurement. */
export const SEED = 1;

/** What each part of the benchmark works on. */
export interface Workload {
  /** What is trained on. */
  readonly dataset: Dataset;
  /** The settings to train with. */
  readonly preset: Preset;
  /** Told what is being measured. */
  readonly onProgress: (what: string) => void;
}

/**
 * Makes a model of this kind (a name in src/models/registry.ts), features prepared anew.
 *
 * @throws {InputError} when the dataset lacks what the model needs.
 */
export async function createModel(
  gpu: Gpu,
  kind: string,
  { dataset, preset }: Workload,
): Promise<Model> {
  return await models[kind]!.create(gpu, dataset, { ...preset.model, seed: SEED }, {});
}
