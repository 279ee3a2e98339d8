/**
 * FREEDOM: A Tale of Two Graphs: Freezing and Denoising Graph Structures for Multimodal Recommendation
 * (Zhou & Shen, ACM MM 2023).
 *
 * Users and items: U and I are the users' and items' rows of the mean of E, ÃE, …, Ã^L E. For the loss of an
 * epoch Ã is that of a sample of the train interactions, drawn with weights 1 / √(d_u d_i) without
 * replacement; for ranking it is that of all. Items among themselves: a frozen graph S, the mean of one
 * graph per modality that leads from each item to its k nearest by cosine of raw features, itself included.
 * An item is its row of I + S^n Q, Q the items' rows of E. Each modality also has projections T = W f + b of
 * its features f. With bpr(x, y, z) = −mean log σ(⟨x, y⟩ − ⟨x, z⟩) over the batch's triples, the loss is
 *
 *     bpr(U_u, (I + S^n Q)_p, (I + S^n Q)_n) + λ Σ_m bpr(U_u, T_p, T_n).
 *
 * As in the authors' code (as MMRec has it, enoche/MMRec@e775373): S is not symmetric, and its entries are
 * 1 / (k + 1e-7) whatever the cosines; the feature tables are trained; there is no penalty on norms. Its 1e-7
 * beside the degrees of users and items is left out: it moves weights by less than f32 resolves.
 *
 * The paper has text and image. Here other modalities share the text's part of S equally with it, and one
 * that comes as neighbour lists without features has a part in S, but no T. Items whose features are all
 * zero have cosine 0 with all, so that their neighbours are themselves and the first of the others, where
 * the authors get numbers that are not finite.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { nearestInModality } from "../features/nearest.ts";
import type { PreparationOptions } from "../features/preparation.ts";
import type { GpuDevice } from "../gpu/device.ts";
import { createTensor } from "../gpu/tensor.ts";
import { bprLoss, bprRowsLoss } from "../ops/losses/bpr_loss.ts";
import type { Batch } from "../tape/batch.ts";
import { addToRows, sliceRows } from "../ops/rows/combine.ts";
import { gatherBatch } from "../ops/rows/gather_batch.ts";
import { type LossTerm, lossTerms } from "../tape/loss_term.ts";
import { type PackedMatrix, uploadSparse } from "../ops/graphs/packed_matrix.ts";
import { sparseProduct } from "../ops/graphs/sparse_product.ts";
import { longestRow } from "../ops/graphs/sparse_tensor.ts";
import {
  createStepwiseConvolution,
  replaceGraph,
  type StepwiseConvolution,
  stepwiseConvolution,
} from "../ops/graphs/stepwise_convolution.ts";
import type { Tape, Variable } from "../tape/tape.ts";
import { LONGEST_LIST } from "../ops/ranking/top_k.ts";
import { createRandom } from "../random.ts";
import { type SparseMatrix, type SparsePattern, transpose } from "../sparse/csr.ts";
import { edgeWeights, sampleEdges } from "../sparse/edge_sampling.ts";
import { interactionGraph, type Neighbours } from "../sparse/graphs.ts";
import { neighbourMix } from "../sparse/neighbour_mix.ts";
import { defineModel, type Preset } from "./define_model.ts";
import { linearDefaults, stackedTables, xavierUniform } from "./initial_values.ts";
import { constants, type ModelKind, type ModelParts, type Variables } from "./model.ts";
import { featuredModalities, projectBatch, uploadProjections } from "./projected_features.ts";
import { EMBEDDING_WIDTH, type SettingsOf } from "./settings.ts";
import { RECBOARD, SHOP } from "./shared_presets.ts";

const settings = {
  dim: EMBEDDING_WIDTH,
  layers: {
    default: 2,
    from: 0,
    whole: true,
    help: "layers of convolution over users and items (L)",
  },
  itemLayers: {
    default: 1,
    from: 0,
    whole: true,
    help: "layers of convolution over similar items (n)",
  },
  knn: {
    default: 10,
    from: 1,
    to: LONGEST_LIST,
    whole: true,
    help: "neighbours of an item in each modality, itself included (k)",
  },
  imageWeight: {
    default: 0.1,
    from: 0,
    to: 1,
    help: "the image's part in the graph of similar items",
  },
  dropout: {
    default: 0.8,
    from: 0,
    below: 1,
    help: "share of the interactions that an epoch leaves out",
  },
  regWeight: { default: 1e-3, from: 0, help: "weight of the modalities' terms (λ)" },
} as const;

/** All settings of FREEDOM. */
export type FreedomSettings = SettingsOf<typeof settings>;

/**
 * The presets are those of RecBoard (MTandHJ/RecBoard@085110b, for Electronics @3993f58), the STAIR authors'
 * own collection; MMRec gives search grids only.
 */
export const freedom: ModelKind<SettingsOf<typeof settings>> = defineModel({
  name: "freedom",
  title: "FREEDOM (Zhou & Shen, ACM MM 2023)",
  settings,
  presets: {
    baby: published(0.8, 1e-6, 2048),
    sports: published(0.8, 1e-6, 2048),
    electronics: published(0.9, 1e-7, 4096),
    shop: SHOP,
  },
  create,
});

function published(dropout: number, l2: number, batchSize: number): Preset<typeof settings> {
  return {
    model: { dropout },
    training: { learningRate: 1e-3, weightDecay: 0, l2, batchSize, epochs: 500 },
    source: RECBOARD,
  };
}

/** Uploads random embeddings (Xavier uniform) and projections, and the features themselves. */
async function create(
  gpu: GpuDevice,
  dataset: Dataset,
  settings: FreedomSettings,
  options: PreparationOptions,
): Promise<ModelParts> {
  const { dim, seed } = settings;
  const { userCount, itemCount } = dataset;
  using guard = new DisposableStack();
  const data = guard.use(await prepareFreedom(gpu, dataset, settings, options));
  const tables = stackedTables(xavierUniform, seed, dataset, dim);
  const shape = [userCount + itemCount, dim];
  const embeddings = guard.use(createTensor(gpu, "embeddings", shape, tables));
  const draw = (name: string, outputs: number, inputs: number) =>
    linearDefaults(seed, name, outputs, inputs);
  const modalities = featuredModalities(dataset, "FREEDOM");
  const projections = guard.use(await uploadProjections(gpu, modalities, dim, draw));
  const fixed = constants({ embeddings });
  const resources = guard.move();
  return {
    parameters: { embeddings, ...projections.parameters },
    lossTerms: data.terms,
    phases: [{
      name: "training step",
      record: (tape, parameters, batch) => recordLoss(tape, data, parameters, batch),
    }],
    beginEpoch: (epoch) => drawSample(data, epoch),
    represent: (tape) => vectors(tape, data, data.all, fixed).value,
    [Symbol.dispose]: () => resources.dispose(),
  };
}

/** What FREEDOM computes over, beside its parameters. */
export interface FreedomData extends Disposable {
  /** Train interactions, which samples are drawn from. */
  readonly train: SparsePattern;
  /** The mean of layers over all interactions, which ranks. */
  readonly all: StepwiseConvolution;
  /** The same over an epoch's sample, which the loss is of; over all without dropout. */
  readonly sampled: StepwiseConvolution;
  /** The item graph S. */
  readonly items: PackedMatrix;
  /** Its transpose. */
  readonly itemsBack: PackedMatrix;
  /** Names of those that have features. */
  readonly modalities: readonly string[];
  /** `bpr`, and `NAME.bpr` of each modality. */
  readonly terms: Readonly<Record<string, LossTerm>>;
  readonly settings: FreedomSettings;
}

/** Computes and uploads all graphs, the sampled one as in the first epoch. */
export async function prepareFreedom(
  gpu: GpuDevice,
  dataset: Dataset,
  settings: FreedomSettings,
  options: PreparationOptions = {},
): Promise<FreedomData> {
  const { dim, layers, dropout, regWeight } = settings;
  const { train } = dataset;
  const modalities = featuredModalities(dataset, "FREEDOM").map(({ name }) => name);
  const ofModalities = modalities.map((name) => [`${name}.bpr`, regWeight] as const);
  const similar = await frozenGraph(gpu, dataset, settings, options);
  using guard = new DisposableStack();
  const ratios = new Float64Array(dim).fill(1);
  const adjacency = interactionGraph(train);
  const longest = longestRow(adjacency.rowStart); // no sample of the edges has longer rows
  const convolutionOver = (label: string, graph: SparseMatrix): StepwiseConvolution =>
    guard.use(createStepwiseConvolution(gpu, label, graph, ratios, layers, longest));
  const all = convolutionOver("adjacency", adjacency);
  const sample = dropout > 0 && interactionGraph(sampleOf(train, settings, 1));
  const sampled = sample ? convolutionOver("sampled adjacency", sample) : all;
  const items = guard.use(uploadSparse(gpu, "item graph", similar));
  const itemsBack = guard.use(uploadSparse(gpu, "item graph transposed", transpose(similar)));
  const resources = guard.move();
  return {
    train,
    all,
    sampled,
    items,
    itemsBack,
    modalities,
    terms: lossTerms<string>({ bpr: 1, ...Object.fromEntries(ofModalities) }),
    settings,
    [Symbol.dispose]: () => resources.dispose(),
  };
}

/** Puts an epoch's sample, from 1, in the place of the last one; without dropout there is none. */
export function drawSample({ train, sampled, settings }: FreedomData, epoch: number): void {
  if (settings.dropout === 0) return;
  replaceGraph(sampled, interactionGraph(sampleOf(train, settings, epoch)));
}

/** Number of the random stream that samples are drawn from; other uses of the seed have other streams. */
const SAMPLES = 0x65646765;

/** What an epoch keeps of the interactions. */
function sampleOf(
  train: SparsePattern,
  { dropout, seed }: FreedomSettings,
  epoch: number,
): SparsePattern {
  const count = Math.max(1, Math.floor(train.column.length * (1 - dropout)));
  return sampleEdges(train, edgeWeights(train), count, createRandom(seed, epoch, SAMPLES));
}

/** Records U and I + S^n Q, stacked; only the rows that the batch touches, where one is given. */
export function vectors(
  tape: Tape,
  { train, items, itemsBack, settings: { itemLayers } }: FreedomData,
  interactions: StepwiseConvolution,
  { embeddings }: Variables,
  batch?: Batch,
): Variable {
  const { rowCount: userCount, columnCount: itemCount } = train;
  const mean = stepwiseConvolution(tape, interactions, embeddings!, batch);
  let alike = sliceRows(tape, embeddings!, userCount, itemCount);
  for (let layer = 0; layer < itemLayers; layer++) {
    alike = sparseProduct(tape, items, itemsBack, alike);
  }
  return addToRows(tape, mean, alike, userCount);
}

/** Records the loss over the sampled graph. */
export function recordLoss(
  tape: Tape,
  data: FreedomData,
  parameters: Variables,
  batch: Batch,
): void {
  const { train: { rowCount: userCount }, sampled, modalities, terms } = data;
  const all = vectors(tape, data, sampled, parameters, batch);
  bprLoss(tape, all, batch, terms.bpr!);
  const users = gatherBatch(tape, all, batch, ["user"], { firstRow: 0, userCount });
  for (const name of modalities) {
    const lists = ["positive", "negative"] as const;
    const items = projectBatch(tape, parameters, name, batch, lists, userCount);
    bprRowsLoss(tape, users, items, batch, terms[`${name}.bpr`]!);
  }
}

/** Computes the item graph S, which is not trained. */
export async function frozenGraph(
  gpu: GpuDevice,
  { modalities, itemCount }: Pick<Dataset, "modalities" | "itemCount">,
  { knn, imageWeight }: Pick<FreedomSettings, "knn" | "imageWeight">,
  options: PreparationOptions = {},
): Promise<SparseMatrix> {
  const lists: Neighbours[] = [];
  for (const modality of modalities) {
    lists.push(await nearestInModality(gpu, modality, knn - 1, options));
  }
  const names = modalities.map(({ name }) => name);
  return neighbourMix(lists, modalityWeights(names, imageWeight), itemCount);
}

/** Weight of each modality's graph: `imageWeight` for the image, equal parts of the rest for the others. */
export function modalityWeights(names: readonly string[], imageWeight: number): number[] {
  const others = names.filter((name) => name !== "image").length;
  const image = others === names.length ? 0 : others === 0 ? 1 : imageWeight;
  return names.map((name) => name === "image" ? image : (1 - image) / others);
}
