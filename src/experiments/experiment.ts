/**
 * One cell of an experiment: a model with its settings, trained on a dataset.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { PreparationOptions } from "../features/preparation.ts";
import type { Gpu } from "../gpu/device.ts";
import type { ModelKind } from "../models/model.ts";
import { train, type TrainResult } from "../training/train.ts";
import type { TrainOptions } from "../training/train_options.ts";

/** What is trained, and how; what is left out is the preset's. */
export interface Experiment {
  /** The kind of model. */
  readonly kind: ModelKind;
  /** The model's settings. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** How to train it. */
  readonly training: TrainOptions;
}

/**
 * Trains a model on a device that is its alone, so that its memory can be told from that of others.
 *
 * @throws {InputError} when a setting is out of range or the dataset lacks what the model needs.
 * @throws {GpuError} when the GPU fails. Whatever `training.signal` was aborted with is thrown, too.
 */
export async function runExperiment(
  gpu: Gpu,
  data: Dataset,
  { kind, settings, training }: Experiment,
  preparation?: PreparationOptions,
): Promise<TrainResult> {
  using model = await kind.create(gpu, data, settings, preparation);
  return await train(model, data, training);
}
