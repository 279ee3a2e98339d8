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
import type { Dataset, Modality } from "../data/dataset.ts";
import { nearestItems } from "../features/nearest.ts";
import type { PreparationOptions } from "../features/preparation.ts";
import type { Gpu } from "../gpu/device.ts";
import { createTensor, type Tensor } from "../gpu/tensor.ts";
import { InputError } from "../input_error.ts";
import { bprLoss } from "../ops/losses/bpr_loss.ts";
import type { Batch } from "../tape/batch.ts";
import { bprRowsLoss } from "../ops/losses/bpr_rows_loss.ts";
import { addToRows, sliceRows } from "../ops/rows/combine.ts";
import { gatherBatch } from "../ops/rows/gather_batch.ts";
import { type LossTerm, lossTerms } from "../tape/loss_term.ts";
import { sparseProduct } from "../ops/graphs/sparse_product.ts";
import { longestRow, type SparseTensor, uploadSparse } from "../ops/graphs/sparse_tensor.ts";
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
import { linearDefaults, stackedTables, xavierUniform } from "./initial_values.ts";
import {
  constants,
  type Model,
  type ModelKind,
  type Preset,
  requireAtLeast,
  requireShape,
  type Variables,
} from "./model.ts";
import { featuredModalities, projectBatch, uploadProjections } from "./projected_features.ts";

/** Settings of FREEDOM. */
export interface FreedomSettings {
  /** Embedding width, a multiple of 4 up to 256. */
  readonly dim: number;
  /** Layers of convolution over users and items (L). */
  readonly layers: number;
  /** Layers over the item graph (n). */
  readonly itemLayers: number;
  /** Neighbours of an item in each modality, itself included (k). */
  readonly knn: number;
  /** The image's part in the item graph, from 0 to 1. */
  readonly imageWeight: number;
  /** Share of the interactions that an epoch leaves out, from 0 to below 1. */
  readonly dropout: number;
  /** Weight of the modalities' terms (λ). */
  readonly regWeight: number;
  /** Seed of initial values and samples. */
  readonly seed: number;
}

/** FREEDOM with its sampled graph. */
export interface Freedom extends Model {
  /** Gives the loss the graph of these interactions, as many as a sample has. */
  prune(kept: SparsePattern): void;
  /** Records U and I + S^n Q of the sampled graph, (users + items) × dim. */
  representPruned(tape: Tape): Tensor;
}

/** The two graphs of users and items. */
interface InteractionGraphs extends Disposable {
  /** Of all interactions, which ranks. */
  readonly full: StepwiseConvolution;
  /** Of a sample, which the loss is of; that of all without dropout. */
  readonly pruned: StepwiseConvolution;
  /** Overwrites the sample. */
  prune(kept: SparsePattern): void;
  /** Draws the sample of an epoch, from 1. */
  beginEpoch(epoch: number): void;
}

/** What representations are recorded from. */
interface Parts {
  readonly userCount: number;
  readonly itemCount: number;
  /** Users and items. */
  readonly interactions: InteractionGraphs;
  /** S. */
  readonly items: SparseTensor;
  /** Sᵀ. */
  readonly itemsBack: SparseTensor;
  /** n. */
  readonly itemLayers: number;
}

/**
 * Prepares and uploads FREEDOM: random embeddings (Xavier uniform) and projections, and the features
 * themselves.
 *
 * @throws {InputError} when a setting is out of range or the dataset has no features.
 */
export async function createFreedom(
  gpu: Gpu,
  dataset: Dataset,
  settings: FreedomSettings,
  options: PreparationOptions = {},
): Promise<Freedom> {
  requireSettings(settings);
  const modalities = featuredModalities(dataset, "FREEDOM");
  const { dim, itemLayers, regWeight, seed } = settings;
  const { train, userCount, itemCount } = dataset;
  const frozen = await frozenGraph(gpu, dataset, settings, options);
  using guard = new DisposableStack();
  const tables = stackedTables(xavierUniform, seed, dataset, dim);
  const shape = [userCount + itemCount, dim];
  const embeddings = guard.use(createTensor(gpu, "embeddings", shape, tables));
  const draw = (name: string, outputs: number, inputs: number) =>
    linearDefaults(seed, name, outputs, inputs);
  const projections = guard.use(await uploadProjections(gpu, modalities, dim, draw));
  const interactions = guard.use(uploadInteractions(gpu, train, settings));
  const items = guard.use(uploadSparse(gpu, "item graph", frozen));
  const itemsBack = guard.use(uploadSparse(gpu, "item graph transposed", transpose(frozen)));
  const parts = { userCount, itemCount, interactions, items, itemsBack, itemLayers };
  const names = modalities.map(({ name }) => name);
  const ofModalities = names.map((name) => [`${name}.bpr`, regWeight] as const);
  const terms = lossTerms<string>({ bpr: 1, ...Object.fromEntries(ofModalities) });
  const fixed = constants({ embeddings });
  const { full, pruned, prune, beginEpoch } = interactions;
  const resources = guard.move();
  return {
    name: "freedom",
    userCount,
    itemCount,
    parameters: { embeddings, ...projections.parameters },
    settings: { ...settings },
    lossTerms: terms,
    phases: [{
      name: "training step",
      record: (tape, parameters, batch) => recordLoss(tape, parts, names, terms, parameters, batch),
    }],
    prune,
    beginEpoch,
    represent: (tape) => vectors(tape, parts, full, fixed).value,
    representPruned: (tape) => vectors(tape, parts, pruned, fixed).value,
    [Symbol.dispose]: () => resources.dispose(),
  };
}

/** Tells the stream of samples from others of the same seed. */
const SAMPLES = 0x65646765;

/** Uploads both graphs, the sampled one as in the first epoch. */
function uploadInteractions(
  gpu: Gpu,
  train: SparsePattern,
  { dim, layers, dropout, seed }: FreedomSettings,
): InteractionGraphs {
  using guard = new DisposableStack();
  const ratios = new Float64Array(dim).fill(1);
  const convolutionOver = (label: string, graph: SparseMatrix): StepwiseConvolution =>
    guard.use(createStepwiseConvolution(gpu, label, graph, ratios, layers, longest));
  const adjacency = interactionGraph(train);
  const longest = longestRow(adjacency.rowStart); // no sample of the edges has longer rows
  const full = convolutionOver("adjacency", adjacency);
  const weights = edgeWeights(train);
  const count = Math.max(1, Math.floor(train.column.length * (1 - dropout)));
  const sample = (epoch: number): SparsePattern =>
    sampleEdges(train, weights, count, createRandom(seed, epoch, SAMPLES));
  const sampled = dropout > 0;
  const pruned = sampled ? convolutionOver("sampled adjacency", interactionGraph(sample(1))) : full;
  const prune = (kept: SparsePattern): void => replaceGraph(gpu, pruned, interactionGraph(kept));
  const resources = guard.move();
  return {
    full,
    pruned,
    prune,
    beginEpoch: (epoch) => {
      if (sampled) prune(sample(epoch));
    },
    [Symbol.dispose]: () => resources.dispose(),
  };
}

/** Records U and I + S^n Q, stacked; only the rows that the batch touches, where one is given. */
function vectors(
  tape: Tape,
  { userCount, itemCount, itemLayers, items, itemsBack }: Parts,
  convolution: StepwiseConvolution,
  { embeddings }: Variables,
  batch?: Batch,
): Variable {
  const mean = stepwiseConvolution(tape, convolution, embeddings!, batch);
  let alike = sliceRows(tape, embeddings!, userCount, itemCount);
  for (let layer = 0; layer < itemLayers; layer++) {
    alike = sparseProduct(tape, items, itemsBack, alike);
  }
  return addToRows(tape, mean, alike, userCount);
}

function recordLoss(
  tape: Tape,
  parts: Parts,
  modalities: readonly string[],
  terms: Readonly<Record<string, LossTerm>>,
  parameters: Variables,
  batch: Batch,
): void {
  const { userCount, interactions } = parts;
  const all = vectors(tape, parts, interactions.pruned, parameters, batch);
  bprLoss(tape, all, batch, terms.bpr!);
  const users = gatherBatch(tape, all, batch, ["user"], { firstRow: 0, userCount });
  for (const name of modalities) {
    const lists = ["positive", "negative"] as const;
    const items = projectBatch(tape, parameters, name, batch, lists, userCount);
    bprRowsLoss(tape, users, items, batch, terms[`${name}.bpr`]!);
  }
}

/** S of a dataset: computed, and never trained. */
export async function frozenGraph(
  gpu: Gpu,
  { modalities, itemCount }: Pick<Dataset, "modalities" | "itemCount">,
  { knn, imageWeight }: Pick<FreedomSettings, "knn" | "imageWeight">,
  options: PreparationOptions = {},
): Promise<SparseMatrix> {
  const lists: Neighbours[] = [];
  for (const modality of modalities) {
    lists.push(await nearestOthers(gpu, modality, knn - 1, options));
  }
  const names = modalities.map(({ name }) => name);
  return neighbourMix(lists, modalityWeights(names, imageWeight), itemCount);
}

/** The nearest others of each item: as they are given or, where they are not, by features. */
async function nearestOthers(
  gpu: Gpu,
  { neighbours, features }: Modality,
  k: number,
  options: PreparationOptions,
): Promise<Neighbours> {
  if (k === 0) return { ids: new Uint32Array(), k };
  if (neighbours) return { ids: neighbours.nearest(k), k };
  return await nearestItems(gpu, features!, k, options);
}

/** What graphs are weighted with: the image's by its part, the others' by equal parts of the rest. */
export function modalityWeights(names: readonly string[], imageWeight: number): number[] {
  const others = names.filter((name) => name !== "image").length;
  const image = others === names.length ? 0 : others === 0 ? 1 : imageWeight;
  return names.map((name) => name === "image" ? image : (1 - image) / others);
}

function requireSettings(settings: FreedomSettings): void {
  requireShape(settings);
  const { itemLayers, knn, imageWeight, dropout, regWeight } = settings;
  requireAtLeast("reg-weight", regWeight, 0);
  const require = (name: string, value: number, holds: boolean, range: string): void => {
    if (!holds) throw new InputError(`${name} is ${value}, but must be ${range}.`);
  };
  const whole = Number.isInteger(itemLayers) && itemLayers >= 0;
  require("item-layers", itemLayers, whole, "a whole number from 0");
  const listable = Number.isInteger(knn) && knn >= 1 && knn <= LONGEST_LIST;
  require("knn", knn, listable, `a whole number from 1 to ${LONGEST_LIST}`);
  require("image-weight", imageWeight, imageWeight >= 0 && imageWeight <= 1, "from 0 to 1");
  require("dropout", dropout, dropout >= 0 && dropout < 1, "from 0 to below 1");
}

/**
 * FREEDOM as it is offered to people. The presets are those of RecBoard (MTandHJ/RecBoard@085110b, for
 * Electronics @3993f58), the STAIR authors' own collection; MMRec gives search grids only.
 */
export const freedom: ModelKind = {
  title: "FREEDOM (Zhou & Shen, ACM MM 2023)",
  settings: {
    dim: { value: 64, help: "embedding width, a multiple of 4 up to 256" },
    layers: { value: 2, help: "layers of convolution over users and items" },
    itemLayers: { value: 1, help: "layers of convolution over similar items" },
    knn: { value: 10, help: "neighbours of an item in each modality, itself included" },
    imageWeight: { value: 0.1, help: "the image's part in the graph of similar items, 0 to 1" },
    dropout: { value: 0.8, help: "share of the interactions that an epoch leaves out" },
    regWeight: { value: 1e-3, help: "weight of the modalities' terms" },
  },
  presets: {
    baby: preset(0.8, 1e-6, 2048),
    sports: preset(0.8, 1e-6, 2048),
    electronics: preset(0.9, 1e-7, 4096),
    shop: {
      model: {},
      training: { learningRate: 0.01, weightDecay: 0, batchSize: 512, epochs: 200, patience: 5 },
    },
  },
  create: (gpu, dataset, settings, options) =>
    createFreedom(gpu, dataset, settings as unknown as FreedomSettings, options),
};

function preset(dropout: number, l2: number, batchSize: number): Preset {
  return {
    model: { dropout },
    training: { learningRate: 1e-3, weightDecay: 0, l2, batchSize, epochs: 500 },
  };
}
