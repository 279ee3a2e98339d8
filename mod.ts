/**
 * STAIR (arXiv 2412.11729) and its rivals on any GPU: open one, load a dataset, make a model, train,
 * evaluate, recommend, compare, save.
 *
 * @example One experiment
 * ```ts
 * import { loadDataset, models, openGpu, train } from "./mod.ts";
 *
 * using gpu = await openGpu();
 * const data = await loadDataset("data/shop");
 * using model = await models.lightgcn.create(gpu, data, { layers: 2, seed: 1 });
 * const { bestEpoch, test } = await train(model, data, { epochs: 2, metrics: ["recall@50"] });
 * console.log(bestEpoch, test["recall@50"]);
 * ```
 *
 * @module
 */
export { type Gpu, GpuError, openGpu } from "./src/gpu/device.ts";
export { InputError } from "./src/input_error.ts";

export { loadDataset } from "./src/data/load_dataset.ts";
export type { Source, SourceFile } from "./src/files/source.ts";
export {
  buildDataset,
  type Dataset,
  type DatasetParts,
  type Interactions,
  type Modality,
} from "./src/data/dataset.ts";
export type { FeatureMatrix } from "./src/data/features.ts";
export type { NeighbourLists, NeighbourRows } from "./src/data/neighbour_lists.ts";
export { type DatasetStatistics, datasetStatistics } from "./src/data/statistics.ts";
export type { SparsePattern } from "./src/sparse/csr.ts";

export { models } from "./src/models/registry.ts";
export type { Model, ModelKind } from "./src/models/model.ts";
export type { PreparationOptions } from "./src/features/preparation.ts";

export { train, type TrainResult } from "./src/training/train.ts";
export type { EpochReport, TrainOptions } from "./src/training/train_options.ts";
export type { AdamSettings } from "./src/tape/adamw.ts";
export { type CountedMemory, countMemory } from "./src/training/count_memory.ts";

export { evaluate, evaluatePerUser } from "./src/evaluation/ranking.ts";
export type { DefaultMetric, Metrics, MetricsPerUser } from "./src/evaluation/metrics.ts";
export { popularityMetrics } from "./src/evaluation/popularity.ts";
export { type PairedTTest, pairedTTest } from "./src/evaluation/significance.ts";
export {
  type BootstrapInterval,
  type BootstrapOptions,
  pairedBootstrap,
} from "./src/evaluation/bootstrap.ts";
export { recommend, type ScoredItem, similarItems } from "./src/evaluation/recommend.ts";
export { type Embeddings, embeddings, parameters } from "./src/evaluation/embeddings.ts";

export {
  compare,
  type CompareOptions,
  type CompareProgress,
  type CompareRow,
  type Comparison,
} from "./src/experiments/compare.ts";
export {
  type ComparedRun,
  compareRuns,
  type CompareRunsOptions,
  type RunComparison,
} from "./src/experiments/compare_runs.ts";
export {
  type Trial,
  type TriedTraining,
  tune,
  type Tuned,
  type TuneOptions,
} from "./src/experiments/tune.ts";
export { loadModel, saveModel } from "./src/runs/checkpoint.ts";
export { blendWeights, type BlendWeightsOptions } from "./src/experiments/blend_weights.ts";
export { type BlendSettings } from "./src/models/blend.ts";
export { blend, openRun, type Run } from "./src/runs/open_run.ts";
