/**
 * For those who write a model or an operation of their own: the device, tensors and kernels, the tape and
 * its batch, every operation and graph, and {@linkcode defineModel}. What trains and evaluates is `mod.ts`.
 *
 * @example A model: one vector per user and item
 * ```ts
 * import { buildDataset, openGpu, train } from "../../mod.ts";
 * import { bprLoss, createTensor, defineModel, lossTerms, stackedTables, xavierUniform } from "./mod.ts";
 *
 * const vectors = defineModel({
 *   name: "vectors",
 *   title: "One vector each",
 *   settings: { dim: { default: 16, from: 4, to: 256, multipleOf: 4, help: "width" } },
 *   presets: {
 *     baby: {
 *       model: {},
 *       training: { learningRate: 0.01, weightDecay: 0, batchSize: 512, epochs: 50 },
 *       source: "this example",
 *     },
 *   },
 *   create: (gpu, data, { dim, seed }) => {
 *     const rows = data.userCount + data.itemCount;
 *     const initial = stackedTables(xavierUniform, seed, data, dim);
 *     const embeddings = createTensor(gpu, "embeddings", [rows, dim], initial);
 *     const terms = lossTerms({ bpr: 1 });
 *     return {
 *       parameters: { embeddings },
 *       lossTerms: terms,
 *       phases: [{
 *         name: "training step",
 *         record: (tape, { embeddings }, batch) => bprLoss(tape, embeddings!, batch, terms.bpr),
 *       }],
 *       represent: () => embeddings,
 *       [Symbol.dispose]: () => embeddings[Symbol.dispose](),
 *     };
 *   },
 * });
 *
 * using gpu = await openGpu();
 * const interactions = { user: [0, 0, 0, 1, 1, 1], item: [0, 1, 2, 2, 3, 0], split: [0, 1, 2, 0, 1, 2] };
 * const data = buildDataset({ name: "tiny", interactions });
 * using model = await vectors.create(gpu, data, { dim: 8 });
 * console.log((await train(model, data, { epochs: 2 })).history.length);
 * ```
 *
 * @module
 */
export { deviceOf, type Gpu, type GpuDevice, GpuError, type TexelFormat } from "../gpu/device.ts";
export {
  createTensor,
  createTensors,
  type Elements,
  readFloats,
  readIntegers,
  type RowRange,
  type Tensor,
  write,
} from "../gpu/tensor.ts";
export {
  type Binding,
  type Field,
  getKernel,
  type Kernel,
  type KernelSource,
  type ShaderFile,
} from "../gpu/kernel.ts";
export { dispatchParts, type KernelPart } from "../gpu/part.ts";
export {
  type Clear,
  type Command,
  type Copy,
  type Dispatch,
  type DispatchSize,
  type Note,
  Program,
  type Step,
} from "../gpu/program.ts";
export type { EntryImage, Image, MatrixImage } from "../gpu/gather/image.ts";
export { Scratch } from "../gpu/scratch.ts";

export { type Kept, resetKept, Tape, type Variable } from "../tape/tape.ts";
export {
  addGradient,
  addGradientEnding,
  addGradientInPlace,
  addGradientOfBatch,
  addGradientRows,
} from "../tape/gradient.ts";
export { addedTo, type Ending, recordEnding, storedIn } from "../tape/ending.ts";
export { type LossTerm, lossTerms } from "../tape/loss_term.ts";
export {
  type Batch,
  type EpochShape,
  type MarginOffsets,
  stepCount,
  touchedRows,
} from "../tape/batch.ts";
export {
  type AdamSettings,
  adamW,
  type OptimizedTensor,
  type Pace,
  type Smoothing,
} from "../tape/adamw.ts";

export { add, addToRows, sliceRows, stackRows } from "./rows/combine.ts";
export { batchNorm, type Normalised } from "./rows/batch_norm.ts";
export { drawMask, drawUniform } from "./rows/draw_uniform.ts";
export { dropout } from "./rows/dropout.ts";
export { gatherBatch, type TripleList } from "./rows/gather_batch.ts";
export { leakyRelu } from "./rows/leaky_relu.ts";
export { jointLinear, linear, type LinearPart, multiply } from "./rows/linear.ts";
export { mixRows } from "./rows/mix_rows.ts";
export { normaliseRows } from "./rows/normalise_rows.ts";
export { padded, rearrange, transposed } from "./rows/rearrange.ts";
export { softmaxRows } from "./rows/softmax_rows.ts";

export { longestRow, type SparseTensor } from "./graphs/sparse_tensor.ts";
export {
  type PackedMatrix,
  replaceMatrix,
  type SegmentTensors,
  uploadSparse,
} from "./graphs/packed_matrix.ts";
export {
  everyRow,
  type Gather,
  type GatheredRows,
  graphEntries,
  packedEntries,
  packEntries,
  recordGather,
  rowBounds,
  type RowSharing,
  rowsOfBatch,
  type Walk,
  wholeRows,
} from "./graphs/gather.ts";
export { type GraphGather, recordGraphGather } from "./graphs/graph_gather.ts";
export { type ProductMatrix, recordSparseProduct, sparseProduct } from "./graphs/sparse_product.ts";
export {
  convolve,
  convolveToEnding,
  createStepwiseConvolution,
  replaceGraph,
  type StepwiseConvolution,
  stepwiseConvolution,
} from "./graphs/stepwise_convolution.ts";
export type { GraphPasses, Passes } from "./graphs/passes.ts";
export { backwardRatios, forwardRatios, layerWeights } from "./graphs/layer_weights.ts";
export {
  meanOfPolynomials,
  polynomialConvolution,
  type RecurrenceStep,
} from "./graphs/polynomial_convolution.ts";
export { frequencyBands, joinBands } from "./graphs/frequency_bands.ts";

export { batchMean } from "./losses/batch_mean.ts";
export { BPR_GAMMA, bprLoss, bprRowsLoss } from "./losses/bpr_loss.ts";
export { contrastiveLoss } from "./losses/contrastive_loss.ts";
export { cosineLoss } from "./losses/cosine_loss.ts";
export {
  gradientPenalty,
  type PenalisedLayer,
  type PenalisedNetwork,
} from "./losses/gradient_penalty.ts";
export { meanSigmoid } from "./losses/mean_sigmoid.ts";
export { normPenalty, normPenaltyOfBatch, type NormPenaltyOptions } from "./losses/norm_penalty.ts";

export { neighbourCosines } from "./learned_graph/neighbour_cosines.ts";
export {
  createNeighbourGraph,
  findNeighbours,
  type NeighbourGraph,
  transposeGraph,
  type WeightedNeighbours,
} from "./learned_graph/neighbour_graph.ts";
export { neighbourProduct } from "./learned_graph/neighbour_product.ts";
export { neighbourWeights } from "./learned_graph/neighbour_weights.ts";

export {
  patternOf,
  rowOf,
  type SparseMatrix,
  type SparsePattern,
  transpose,
} from "../sparse/csr.ts";
export {
  interactionGraph,
  type Neighbours,
  rowNormalised,
  similarityGraph,
} from "../sparse/graphs.ts";
export { sampleEdges } from "../sparse/edge_sampling.ts";
export {
  createRandom,
  normal,
  type RandomSource,
  shuffle,
  uniformBelow,
  uniformReal,
} from "../random.ts";

export {
  defineModel,
  type ModelDefinition,
  type Preset,
  type Presets,
} from "../models/define_model.ts";
export {
  constants,
  type Model,
  type ModelKind,
  type ModelParts,
  type Phase,
  type Sweep,
  type TrainingSettings,
  type UpdateStep,
  type Variables,
} from "../models/model.ts";
export {
  EMBEDDING_WIDTH,
  type Setting,
  type SettingsOf,
  type SettingsTable,
  type SettingValue,
  type ValueOf,
} from "../models/settings.ts";
export { stackedTables, xavierNormal, xavierUniform } from "../models/initial_values.ts";
export type { TopKLists } from "./ranking/top_k.ts";
export type { SeenTensors } from "./ranking/tiles.ts";
export {
  type CandidateRows,
  type Similarity,
  type SparseScores,
  uploadCandidateRows,
} from "./ranking/sparse_scores.ts";
export { largestOfRows } from "./ranking/largest_of_rows.ts";
export { addMatrices, valued } from "../sparse/matrix_sums.ts";
export type { Dataset, Modality } from "../data/dataset.ts";
export type { FeatureMatrix } from "../data/features.ts";
export type { NeighbourLists } from "../data/neighbour_lists.ts";
export type { PreparationOptions } from "../features/preparation.ts";
