/**
 * Opens a finished or stopped run for use: its dataset, and its model at the best state.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { loadDataset } from "../data/load_dataset.ts";
import type { Gpu } from "../gpu/device.ts";
import { InputError } from "../input_error.ts";
import type { Model } from "../models/model.ts";
import { models, type ModelSettings } from "../models/registry.ts";
import { loadModel, type RunConfig } from "./checkpoint.ts";

/** A run, restored. */
export interface RestoredRun extends Disposable {
  /** The dataset it was trained on. */
  readonly dataset: Dataset;
  /** Where that was read from. */
  readonly data: string;
  /** The model with the embeddings of best.safetensors. */
  readonly model: Model;
}

/**
 * Restores a run from its folder.
 *
 * @throws {InputError} when the folder holds no run or its dataset cannot be read any more.
 */
export async function restoreRun(gpu: Gpu, folder: string): Promise<RestoredRun> {
  const config = await readConfig(`${folder}/config.json`);
  const dataset = await loadDataset(config.data);
  const kind = models[config.model];
  if (!kind) {
    throw new InputError(`${folder}/config.json names an unknown model "${config.model}".`);
  }
  const settings = config.settings as unknown as ModelSettings;
  const model = kind.restore(gpu, dataset, settings);
  await loadModel(gpu, model, `${folder}/best.safetensors`);
  return {
    dataset,
    data: config.data,
    model,
    [Symbol.dispose]: () => model[Symbol.dispose](),
  };
}

async function readConfig(path: string): Promise<RunConfig & { data: string }> {
  let text;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw new InputError(
      `${path} cannot be read, so this is no run folder: ${(error as Error).message}.`,
    );
  }
  const config = JSON.parse(text);
  if (typeof config.data !== "string") {
    throw new InputError(`${path} does not say which dataset it was trained on ("data").`);
  }
  return config;
}
