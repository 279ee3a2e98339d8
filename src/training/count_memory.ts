/**
 * How much GPU memory a run takes, found by making everything that it would without taking memory.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { createEvaluator } from "../evaluation/ranking.ts";
import { openDevice } from "../gpu/device.ts";
import { builtModel, type ModelKind } from "../models/model.ts";
import { completeTrainOptions, measuredMetrics, type TrainOptions } from "./train_options.ts";
import { Trainer } from "./trainer.ts";

/**
 * The most bytes of GPU memory at once that training, validating and testing a model take; what is
 * computed from features before does not count.
 *
 * @throws {InputError} when a setting is out of range or the dataset lacks what the model needs.
 * @throws {GpuError} when an array is larger than the adapter allows.
 */
export async function countMemory(
  kind: ModelKind,
  dataset: Dataset,
  settings: Readonly<Record<string, unknown>>,
  options: TrainOptions,
): Promise<number> {
  using gpu = await openDevice({ dry: true });
  using model = builtModel(await kind.create(gpu, dataset, settings));
  const complete = completeTrainOptions(model, options);
  const metrics = measuredMetrics(complete);
  using trainer = new Trainer(model, dataset.train, complete);
  const { scratch } = trainer;
  using validation = createEvaluator(model, dataset, "valid", { metrics, scratch });
  // Per user, as there is no mean where a split has no target.
  await validation.evaluatePerUser();
  await trainer.state();
  // As in train(), not before training is over.
  using testing = createEvaluator(model, dataset, "test", { metrics, scratch });
  await testing.evaluatePerUser();
  return gpu.peakBytes;
}
