/**
 * Opens a finished or stopped run for use: its dataset, and its model at the best state.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { loadDataset } from "../data/load_dataset.ts";
import type { PreparationOptions } from "../features/preparation.ts";
import { readFile } from "../files/open_source.ts";
import type { Gpu } from "../gpu/device.ts";
import { type BlendSettings, defineBlend } from "../models/blend.ts";
import { InputError } from "../input_error.ts";
import { restoreModel } from "../models/define_model.ts";
import type { Model, ModelKind } from "../models/model.ts";
import { modelNamed } from "../models/registry.ts";
import type { AdamSettings } from "../tape/adamw.ts";
import { loadModel } from "./checkpoint.ts";
import { parseRunConfig } from "./run_config.ts";

/** A run, opened. */
export interface Run extends Disposable {
  /** Its folder. */
  readonly path: string;
  /** The dataset it was trained on. */
  readonly data: Dataset;
  /** The model with the parameters of best.safetensors. */
  readonly model: Model;
  /** How it was trained, and that it goes on: what `train` takes to train it further. */
  readonly options: Required<AdamSettings> & {
    readonly batchSize: number;
    readonly seed: number;
    readonly evalEvery: number;
    readonly metrics: readonly string[];
    readonly select: string;
    readonly out: string;
    readonly resume: true;
  };
}

/** Blends of runs by their folders, with weights: a kind of model that opens other runs. */
export const blend: ModelKind<BlendSettings> = defineBlend((gpu, folder, options) =>
  openRun(gpu, folder, options)
);

/**
 * Opens a run by its folder, on disk or on the web.
 *
 * @param options In `models` kinds that are not of this library, which the run's model may be of.
 * @throws {InputError} when the folder holds no run, a file of it is damaged, or its dataset cannot be
 * read any more.
 * @throws {GpuError} when the model exceeds what the adapter can hold.
 */
export async function openRun(
  gpu: Gpu,
  folder: string,
  { models = [], ...preparation }: PreparationOptions & {
    readonly models?: readonly ModelKind[];
  } = {},
): Promise<Run> {
  const path = `${folder}/config.json`;
  const text = new TextDecoder().decode(await readFile(path));
  const { data: address, model: name, settings, training } = parseRunConfig(path, text);
  if (address === undefined) {
    throw new InputError(
      `${path} names no folder of a dataset ("data"): that was built in memory.`,
    );
  }
  const data = await loadDataset(address);
  using guard = new DisposableStack();
  const restore = async (): Promise<Model> => {
    const kind = [blend, ...models].find((kind) => kind.name === name) ?? modelNamed(name);
    return await restoreModel(gpu, kind, data, settings, preparation);
  };
  const model = guard.use(
    await restore().catch((error) => {
      throw error instanceof InputError ? new InputError(`${path}: ${error.message}`) : error;
    }),
  );
  await loadModel(model, `${folder}/best.safetensors`);
  const resources = guard.move();
  return {
    path: folder,
    data,
    model,
    options: { ...training, out: folder, resume: true },
    [Symbol.dispose]: () => resources.dispose(),
  };
}
