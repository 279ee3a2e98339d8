/**
 * STAIR (arXiv 2412.11729) on any GPU: open one, load a dataset, build the model, train, evaluate, save.
 *
 * @example One experiment
 * ```ts ignore
 * import { loadDataset, models, openGpu, train } from "./mod.ts";
 *
 * using gpu = await openGpu();
 * const dataset = await loadDataset("../shared/data/baby");
 * for (const gamma of [0.05, 0.1, 0.2]) {
 *   using model = await models.stair.create(gpu, dataset, { gamma });
 *   const options = { ...models.stair.presets.baby.training, epochs: 20, seed: 1 };
 *   const { bestEpoch, test } = await train(gpu, model, dataset, options);
 *   console.log(gamma, bestEpoch, test["recall@20"], test["ndcg@20"]);
 * }
 * ```
 *
 * @module
 */
export {
  type Gpu,
  type GpuDevice,
  GpuError,
  type GpuOptions,
  openGpu,
  type TexelFormat,
} from "./src/gpu/device.ts";
export type { RowRange, Tensor } from "./src/gpu/tensor.ts";
export { InputError } from "./src/input_error.ts";

export { loadDataset } from "./src/data/load_dataset.ts";
export type { Source, SourceFile } from "./src/files/source.ts";
export {
  buildDataset,
  type Dataset,
  type DatasetParts,
  type FeatureValues,
  type InteractionList,
  type Interactions,
  type Modality,
} from "./src/data/dataset.ts";
export { type NumberList } from "./src/data/number_table.ts";
export { type Split } from "./src/data/splits.ts";
export { type FeatureMatrix, featuresOf } from "./src/data/features.ts";
export {
  type NeighbourLists,
  type NeighbourRows,
  rankNeighbours,
} from "./src/data/neighbour_lists.ts";
export { type DatasetStatistics, datasetStatistics } from "./src/data/statistics.ts";
export type { SparsePattern } from "./src/sparse/csr.ts";

export {
  type BuiltModel,
  builtModel,
  type GivenSettings,
  type Model,
  type ModelKind,
  type ModelParts,
  type Phase,
  type Preset,
  presetFor,
  type Presets,
  type TrainingSettings,
  type UpdateStep,
  type Variables,
} from "./src/models/model.ts";
export type {
  ModelSettings,
  Setting,
  SettingsOf,
  SettingsTable,
  SettingValue,
  ValueOf,
} from "./src/models/settings.ts";
export { defineModel, type ModelDefinition } from "./src/models/define_model.ts";
export { modelNamed, models } from "./src/models/registry.ts";
export type { LossTerm } from "./src/tape/loss_term.ts";
export type { Batch, EpochShape } from "./src/tape/batch.ts";
export type { Ending } from "./src/tape/ending.ts";
export { Tape, type Variable } from "./src/tape/tape.ts";
export {
  type Clear,
  type Command,
  type Copy,
  type Dispatch,
  type DispatchSize,
  Program,
} from "./src/gpu/program.ts";
export type { Image, MatrixImage } from "./src/gpu/gather/image.ts";
export type { Binding, Field, Kernel, ShaderFile } from "./src/gpu/kernel.ts";
export { Scratch } from "./src/gpu/scratch.ts";
export type { PreparationOptions } from "./src/features/preparation.ts";
export {
  type EpochReport,
  train,
  type TrainOptions,
  type TrainResult,
} from "./src/training/train.ts";
export type { BestSoFar } from "./src/runs/checkpoint.ts";
export type { TrainerSettings } from "./src/training/trainer.ts";
export type { AdamSettings, OptimizedTensor, Pace } from "./src/tape/adamw.ts";
export { loadModel, saveModel } from "./src/runs/checkpoint.ts";

export { evaluate, type EvaluationOptions } from "./src/evaluation/ranking.ts";
export type { Metrics } from "./src/evaluation/metrics.ts";
