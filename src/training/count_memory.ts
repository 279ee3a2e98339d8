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
import { createTraining } from "./training.ts";
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
  using trainer = createTraining(model, dataset.train, complete);
  const { scratch } = trainer;
  using validation = createEvaluator(model, dataset, "valid", { metrics, scratch });
  // Per user, as there is no mean where a split has no target.
  await validation.evaluatePerUser();
  for await (const _ of trainer.savedState().parts);
  // As in train(), not before training is over.
  using testing = createEvaluator(model, dataset, "test", { metrics, scratch });
  await testing.evaluatePerUser();
  const batches = trainer instanceof Trainer ? batchBytes(dataset, model, trainer) : 0;
  const mainBytes = batches + listBytes(dataset, complete);
  const { peakBytes: gpuBytes, refused } = gpu;
  return { gpuBytes, uploadBytes, mainBytes, ...(refused && { refused }) };
}

/** What drawing batches takes, here and in a Worker, and the poison that losses are overwritten with. */
function batchBytes(
  { train }: Dataset,
  { lossTerms, gpu }: BuiltModel,
  { chunk }: Trainer,
): number {
  const poison = 4 * chunk.triples * Object.keys(lossTerms).length;
  const worker = drawsInWorker(gpu, train) ? workerBytes(train) : 0;
  return drawingBytes(train, chunk) + worker + poison;
}

/** The lists of all users, and where they are read from. */
function listBytes({ userCount, itemCount }: Dataset, options: CompleteTrainOptions): number {
  const k = listLengthFor(parseMetrics(measuredMetrics(options)), itemCount);
  return BYTES_AT_ONCE + 2 * 4 * k * userCount;
}
