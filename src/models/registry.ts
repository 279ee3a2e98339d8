/**
 * All models by name.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { PreparationOptions } from "../features/preparation.ts";
import type { Gpu } from "../gpu/device.ts";
import { createLightGcn } from "./lightgcn.ts";
import type { Model } from "./model.ts";
import { buildStair, createStair, type StairSettings } from "./stair.ts";

/** Settings of any model; each takes what it knows. */
export interface ModelSettings extends StairSettings {
  /** Seed of random initial embeddings. */
  readonly seed: number;
}

/** How to make a model. */
export interface ModelKind {
  /** Ready for training. */
  create(
    gpu: Gpu,
    dataset: Dataset,
    settings: ModelSettings,
    options: PreparationOptions,
  ): Model | Promise<Model>;
  /** Ready for the embeddings of a checkpoint: nothing is computed from features. */
  restore(gpu: Gpu, dataset: Dataset, settings: ModelSettings): Model;
}

const lightGcn = (layers?: number): ModelKind => {
  const build = (gpu: Gpu, { train }: Dataset, settings: ModelSettings): Model => {
    const { dim, seed } = settings;
    return createLightGcn(gpu, train, { dim, layers: layers ?? settings.layers, seed });
  };
  return { create: build, restore: build };
};

const stair: ModelKind = {
  create: (gpu, dataset, { seed: _, ...settings }, options) =>
    createStair(gpu, dataset, settings, options),
  restore: (gpu, { train }, settings) =>
    buildStair(gpu, train, settings, {
      users: new Float32Array(train.rowCount * settings.dim),
      items: new Float32Array(train.columnCount * settings.dim),
      neighbours: [],
    }),
};

/** The models that can be trained, by name. */
export const models: Readonly<Record<string, ModelKind>> = {
  stair,
  lightgcn: lightGcn(),
  mf_bpr: lightGcn(0),
};
