/**
 * How much memory a run takes, found by making everything that it would without taking memory on the GPU.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { listLengthFor, parseMetrics } from "../evaluation/metrics.ts";
import { createEvaluator } from "../evaluation/ranking.ts";
import { type GpuDevice, openDevice } from "../gpu/device.ts";
import { BYTES_AT_ONCE } from "../gpu/tensor.ts";
import { type BuiltModel, builtModel, type ModelKind } from "../models/model.ts";
import { drawsInWorker, workerBytes } from "./drawing.ts";
import { drawingBytes } from "./sampler.ts";
import {
  type CompleteTrainOptions,
  completeTrainOptions,
  measuredMetrics,
  type TrainOptions,
} from "./train_options.ts";
import { Trainer } from "./trainer.ts";

/** What a run takes at most at once, in bytes. */
export interface CountedMemory {
  /** On the GPU. */
  readonly gpuBytes: number;
  /** In main memory while the model is made: all that is uploaded for it, on its way to the GPU. */
  readonly uploadBytes: number;
  /** In main memory afterwards, beside the dataset: batches, reads, lists. */
  readonly mainBytes: number;
  /** Why the adapter at hand would not do, in a sentence. */
  readonly refused?: string;
}

/**
 * Counts what training, validating and testing a model take on an adapter as the one at hand; what is computed
 * from features before does not count.
 *
 * @throws {InputError} when a setting is out of range or the dataset lacks what the model needs.
 */
export async function countMemory(
  kind: ModelKind,
  dataset: Dataset,
  settings: Readonly<Record<string, unknown>>,
  options: TrainOptions,
): Promise<CountedMemory> {
  using gpu = await openDevice({ dry: true });
  return await countMemoryOn(gpu, kind, dataset, settings, options);
}

/** The same with a dry device of which nothing was asked before. */
export async function countMemoryOn(
  gpu: GpuDevice,
  kind: ModelKind,
  dataset: Dataset,
  settings: Readonly<Record<string, unknown>>,
  options: TrainOptions,
): Promise<CountedMemory> {
  using model = builtModel(await kind.create(gpu, dataset, settings));
  const { uploadBytes } = gpu;
  const complete = completeTrainOptions(model, options);
  const metrics = measuredMetrics(complete);
  using trainer = new Trainer(model, dataset.train, complete);
  const { scratch } = trainer;
  using validation = createEvaluator(model, dataset, "valid", { metrics, scratch });
  // Per user, as there is no mean where a split has no target.
  await validation.evaluatePerUser();
  for await (const _ of trainer.savedState().parts);
  // As in train(), not before training is over.
  using testing = createEvaluator(model, dataset, "test", { metrics, scratch });
  await testing.evaluatePerUser();
  const mainBytes = countMain(dataset, model, trainer, complete);
  const { peakBytes: gpuBytes, refused } = gpu;
  return { gpuBytes, uploadBytes, mainBytes, ...(refused && { refused }) };
}

function countMain(
  { train, userCount, itemCount }: Dataset,
  { lossTerms, gpu }: BuiltModel,
  { chunk }: Trainer,
  options: CompleteTrainOptions,
): number {
  const k = listLengthFor(parseMetrics(measuredMetrics(options)), itemCount);
  const poison = 4 * chunk.triples * Object.keys(lossTerms).length;
  // The lists of all users, and where they are read from.
  const lists = 2 * 4 * k * userCount;
  const worker = drawsInWorker(gpu, train) ? workerBytes(train) : 0;
  return drawingBytes(train, chunk) + worker + poison + BYTES_AT_ONCE + lists;
}
