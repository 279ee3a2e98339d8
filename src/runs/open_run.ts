/**
 * Opens a finished or stopped run for use: its dataset, and its model at the best state.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { loadDataset } from "../data/load_dataset.ts";
import type { GpuDevice } from "../gpu/device.ts";
import { InputError } from "../input_error.ts";
import { type BuiltModel, builtModel } from "../models/model.ts";
import type { PreparationOptions } from "../features/preparation.ts";
import { modelNamed } from "../models/registry.ts";
import { loadModel, parseObject } from "./checkpoint.ts";

/** A run, restored. */
export interface RestoredRun extends Disposable {
  /** The dataset it was trained on. */
  readonly dataset: Dataset;
  /** Where that was read from. */
  readonly data: string;
  /** The model with the parameters of best.safetensors. */
  readonly model: BuiltModel;
}

/**
 * Restores a run from its folder.
 *
 * @throws {InputError} when the folder holds no run, a file of it is damaged, or its dataset cannot be
 * read any more.
 */
export async function restoreRun(
  gpu: GpuDevice,
  folder: string,
  options: PreparationOptions = {},
): Promise<RestoredRun> {
  const path = `${folder}/config.json`;
  const { data, model: name, settings } = await readConfig(path);
  const dataset = await loadDataset(data);
  using guard = new DisposableStack();
  const model = guard.use(await restoreModel(gpu, name, dataset, settings, options, path));
  await loadModel(gpu, model, `${folder}/best.safetensors`);
  const resources = guard.move();
  return { dataset, data, model, [Symbol.dispose]: () => resources.dispose() };
}

/** What of config.json is needed to restore a run. */
interface RestorableConfig {
  readonly data: string;
  readonly model: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

async function readConfig(path: string): Promise<RestorableConfig> {
  let text;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw new InputError(
      `${path} cannot be read, so this is no run folder: ${(error as Error).message}.`,
    );
  }
  const { data, model, settings } = parseObject(path, text);
  if (typeof data !== "string") {
    throw new InputError(`${path} does not say which dataset it was trained on ("data").`);
  }
  if (typeof model !== "string") {
    throw new InputError(`${path} does not say which model was trained ("model").`);
  }
  if (typeof settings !== "object" || settings === null) {
    throw new InputError(`${path} does not hold the model's settings ("settings").`);
  }
  return { data, model, settings: { ...settings } };
}

/** A model that is not known, and settings out of range, are told with the file that they come from. */
async function restoreModel(
  gpu: GpuDevice,
  name: string,
  dataset: Dataset,
  settings: Readonly<Record<string, unknown>>,
  options: PreparationOptions,
  path: string,
): Promise<BuiltModel> {
  try {
    return builtModel(await modelNamed(name).restore(gpu, dataset, settings, options));
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${path}: ${error.message}`) : error;
  }
}
