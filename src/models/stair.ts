/**
 * STAIR: Manipulating Collaborative and Multimodal Information for E-Commerce Recommendation
 * (Xu, He, Wang & Zhang, AAAI 2025, arXiv 2412.11729).
 *
 * Item embeddings start as whitened modality features, users' as the mean of their items'. The forward
 * stepwise convolution mixes neighbours in most where columns come first and least where they come last,
 * so that the last columns keep what the modalities say. The backward stepwise convolution smooths the
 * items' descent direction over similar items, most in the last columns, so that training does not
 * forget it.
 *
 * @module
 */
import type { Dataset, Modality } from "../data/dataset.ts";
import { nearestInModality } from "../features/nearest.ts";
import type { PreparationOptions } from "../features/preparation.ts";
import { whiten } from "../features/whitening.ts";
import type { GpuDevice } from "../gpu/device.ts";
import { createTensor } from "../gpu/tensor.ts";
import { InputError } from "../input_error.ts";
import { bprLoss } from "../ops/losses/bpr_loss.ts";
import { backwardRatios, forwardRatios } from "../ops/graphs/layer_weights.ts";
import { lossTerms } from "../tape/loss_term.ts";
import {
  convolve,
  convolveToEnding,
  createStepwiseConvolution,
  stepwiseConvolution,
} from "../ops/graphs/stepwise_convolution.ts";
import { LONGEST_LIST } from "../ops/ranking/top_k.ts";
import type { SparsePattern } from "../sparse/csr.ts";
import { interactionGraph, type Neighbours, similarityGraph } from "../sparse/graphs.ts";
import { adamW } from "../tape/adamw.ts";
import { defineModel, type Preset } from "./define_model.ts";
import type { ModelKind, ModelParts } from "./model.ts";
import { EMBEDDING_WIDTH, type SettingsOf } from "./settings.ts";
import { SHOP } from "./shared_presets.ts";

/** Neighbours of text and image; of a modality that neither this nor the settings name there are five. */
const NEIGHBORS: Readonly<Record<string, number>> = { text: 5, image: 1 };
export const OTHER_NEIGHBORS = 5;

/** STAIR's settings; the defaults are the paper's where it does not search. */
export const settings = {
  dim: { ...EMBEDDING_WIDTH, help: "embedding width (d)" },
  layers: { default: 3, from: 0, whole: true, help: "layers of both convolutions (L)" },
  gamma: {
    default: 0.1,
    above: 0,
    help: "how fast layer weights change along the columns: the smaller, the more modality (γ)",
  },
  neighbors: {
    default: NEIGHBORS,
    from: 0,
    to: LONGEST_LIST,
    whole: true,
    help: "neighbours per modality, such as text=5,image=1; 0 leaves one out (k_m)",
  },
} as const;

/** All settings of STAIR; the seed has no effect, as nothing is drawn at random before training. */
export type StairSettings = SettingsOf<typeof settings>;

/** The presets are the paper's on its three datasets, and ours on the shop. */
export const stair: ModelKind<SettingsOf<typeof settings>> = defineModel({
  name: "stair",
  title: "STAIR (Xu et al., AAAI 2025)",
  settings,
  presets: {
    baby: published(0.1, 0.3, 1024),
    sports: published(0.2, 0.1, 1024),
    electronics: published(0.4, 0.1, 4096),
    shop: {
      model: { gamma: 0.5 },
      training: { ...SHOP.training, weightDecay: 1 },
      source: SHOP.source,
    },
  },
  create: async (gpu, dataset, settings, options) => {
    const { train } = dataset, { dim } = settings;
    const used = usedModalities(dataset, settings);
    const neighbours = await neighboursIn(gpu, used, options);
    const items = await initialItems(gpu, used, dim, options);
    const users = meanOfItems(train, items, dim);
    return buildStair(gpu, train, settings, { users, items, neighbours });
  },
  restore: async (gpu, dataset, settings, options) => {
    const { train, userCount, itemCount } = dataset, { dim } = settings;
    const neighbours = await neighboursIn(gpu, usedModalities(dataset, settings), options);
    const users = new Float32Array(userCount * dim), items = new Float32Array(itemCount * dim);
    return buildStair(gpu, train, settings, { users, items, neighbours });
  },
});

function published(gamma: number, weightDecay: number, batchSize: number): Preset<typeof settings> {
  return {
    model: { gamma },
    training: { learningRate: 1e-3, weightDecay, batchSize, epochs: 500 },
    source: "the paper",
  };
}

/** Initial embeddings and neighbours of STAIR, on the CPU. */
export interface StairInputs {
  /** User embeddings, users × dim. */
  readonly users: Float32Array<ArrayBuffer>;
  /** Item embeddings, items × dim. */
  readonly items: Float32Array<ArrayBuffer>;
  /** Neighbours in each modality. */
  readonly neighbours: readonly Neighbours[];
}

/**
 * Uploads STAIR with given initial embeddings and neighbours.
 *
 * @throws {GpuError} when a graph or the embeddings exceed what the adapter can hold.
 */
export function buildStair(
  gpu: GpuDevice,
  train: SparsePattern,
  settings: StairSettings,
  { users, items, neighbours }: StairInputs,
): ModelParts {
  const { dim, gamma, layers } = settings;
  const { rowCount: userCount, columnCount: itemCount } = train;
  using guard = new DisposableStack();
  const stacked = new Float32Array((userCount + itemCount) * dim);
  stacked.set(users);
  stacked.set(items, users.length);
  const embeddings = guard.use(
    createTensor(gpu, "embeddings", [userCount + itemCount, dim], stacked),
  );
  const adjacency = interactionGraph(train);
  const similarity = similarityGraph(neighbours, itemCount);
  const forward = guard.use(
    createStepwiseConvolution(gpu, "adjacency", adjacency, forwardRatios(dim, gamma), layers),
  );
  const backward = guard.use(
    createStepwiseConvolution(gpu, "similarity", similarity, backwardRatios(dim, gamma), layers),
  );
  const resources = guard.move();
  const terms = lossTerms({ bpr: 1 });
  return {
    parameters: { embeddings },
    lossTerms: terms,
    phases: [{
      name: "training step",
      record: (tape, { embeddings }, batch) =>
        bprLoss(tape, stepwiseConvolution(tape, forward, embeddings!, batch), batch, terms.bpr),
      update: (tape, embeddings, { optimized, pace }) =>
        adamW(tape, embeddings, optimized, pace, {
          firstRow: userCount,
          record: (direction, ending) => convolveToEnding(tape, backward, direction, ending),
        }),
    }],
    represent: (tape) => convolve(tape, forward, embeddings),
    [Symbol.dispose]: () => resources.dispose(),
  };
}

/** A modality, and how many neighbours of an item it tells. */
interface UsedModality {
  readonly modality: Modality;
  readonly k: number;
}

/**
 * The modalities with neighbours.
 *
 * @throws {InputError} when none has features, or the settings name one that the dataset lacks.
 */
function usedModalities(
  { name: dataset, modalities }: Dataset,
  { neighbors }: StairSettings,
): UsedModality[] {
  const names = modalities.map(({ name }) => name);
  const used = modalities
    .map((modality) => ({ modality, k: neighbors[modality.name] ?? OTHER_NEIGHBORS }))
    .filter(({ k }) => k > 0);
  if (!used.some(({ modality }) => modality.features)) {
    throw new InputError(
      `STAIR starts from item features, and ${dataset} has none that are used ` +
        `(modalities: ${names.join(", ") || "none"}).`,
    );
  }
  // The defaults name modalities that a dataset may lack.
  const given = Object.keys(neighbors).filter((name) => neighbors[name] !== NEIGHBORS[name]);
  const unknown = given.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new InputError(
      `neighbors names "${unknown}", but ${dataset} has the modalities ${names.join(", ")}.`,
    );
  }
  return used;
}

/** The nearest items of each item: as they are given or, where they are not, by features. */
async function neighboursIn(
  gpu: GpuDevice,
  used: readonly UsedModality[],
  options: PreparationOptions,
): Promise<Neighbours[]> {
  const lists: Neighbours[] = [];
  for (const { modality, k } of used) {
    lists.push(await nearestInModality(gpu, modality, k, options));
  }
  return lists;
}

/** Initial item embeddings, from whitened features. */
async function initialItems(
  gpu: GpuDevice,
  used: readonly UsedModality[],
  dim: number,
  options: PreparationOptions,
): Promise<Float32Array<ArrayBuffer>> {
  const whitened: Float32Array[] = [], weights: number[] = [];
  for (const { modality: { features }, k } of used) {
    if (!features) continue;
    whitened.push(await whiten(gpu, features, dim, options));
    weights.push(k);
  }
  return mixModalities(whitened, weights);
}

/** Σ_m k_m · whitened_m / Σ_m k_m. */
export function mixModalities(
  whitened: readonly Float32Array[],
  weights: readonly number[],
): Float32Array<ArrayBuffer> {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Float32Array.from(
    whitened[0]!,
    (_, i) => whitened.reduce((sum, matrix, m) => sum + weights[m]! * matrix[i]!, 0) / total,
  );
}

/** Each user's mean over the embeddings of their train items; zero for users without any. */
export function meanOfItems(
  { rowCount, rowStart, column }: SparsePattern,
  items: Float32Array,
  dim: number,
): Float32Array<ArrayBuffer> {
  const users = new Float32Array(rowCount * dim);
  const sum = new Float64Array(dim);
  for (let user = 0; user < rowCount; user++) {
    sum.fill(0);
    const from = rowStart[user]!, to = rowStart[user + 1]!;
    for (let entry = from; entry < to; entry++) {
      for (let j = 0; j < dim; j++) sum[j]! += items[column[entry]! * dim + j]!;
    }
    for (let j = 0; j < dim; j++) users[user * dim + j] = sum[j]! / Math.max(1, to - from);
  }
  return users;
}
