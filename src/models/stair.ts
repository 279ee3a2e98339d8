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
import { nearestItems } from "../features/nearest.ts";
import type { PreparationOptions } from "../features/preparation.ts";
import { whiten } from "../features/whitening.ts";
import type { Gpu } from "../gpu/device.ts";
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
import {
  type Model,
  type ModelKind,
  type ModelSettings,
  type Preset,
  requireShape,
} from "./model.ts";

/** Settings of STAIR; the paper's names in brackets. */
export interface StairSettings {
  /** Embedding width (d), a multiple of 4 up to 256. */
  readonly dim: number;
  /** Layers of both convolutions (L). */
  readonly layers: number;
  /** How fast layer weights change along the columns (γ); the smaller, the more modality. */
  readonly gamma: number;
  /** Neighbours per modality (k_m), up to 128; 0 leaves a modality out. */
  readonly neighbors: Readonly<Record<string, number>>;
}

/** The paper's settings where it does not search: d = 64, L = 3, k_text = 5, k_visual = 1. */
export const stairDefaults: StairSettings = {
  dim: 64,
  layers: 3,
  gamma: 0.1,
  neighbors: { text: 5, image: 1 },
};

/** Neighbours of a modality that the settings do not name. */
const OTHER_NEIGHBORS = 5;

/** The paper's datasets, and the embedded shop. */
export type PresetName = "baby" | "sports" | "electronics" | "shop";

/** STAIR's published settings on the paper's three datasets, and ours on the shop. */
export const presets: Readonly<Record<PresetName, Preset<StairSettings>>> = {
  baby: preset(0.1, 0.3, 1024),
  sports: preset(0.2, 0.1, 1024),
  electronics: preset(0.4, 0.1, 4096),
  shop: {
    model: { ...stairDefaults, gamma: 0.5 },
    training: { learningRate: 0.01, weightDecay: 1, batchSize: 512, epochs: 200, patience: 5 },
  },
};

function preset(gamma: number, weightDecay: number, batchSize: number): Preset<StairSettings> {
  return {
    model: { ...stairDefaults, gamma },
    training: { learningRate: 1e-3, weightDecay, batchSize, epochs: 500 },
  };
}

/** STAIR as it is offered to people. */
export const stair: ModelKind = {
  title: "STAIR (Xu et al., AAAI 2025)",
  settings: {
    dim: { value: stairDefaults.dim, help: "embedding width, a multiple of 4 up to 256" },
    layers: { value: stairDefaults.layers, help: "layers of both convolutions" },
    gamma: {
      value: stairDefaults.gamma,
      help: "how fast layer weights change along the columns (paper, Eq. 2)",
    },
    neighbors: {
      value: stairDefaults.neighbors,
      help: "neighbours per modality, such as text=5,image=1",
    },
  },
  presets: presets as Readonly<Record<PresetName, Preset<StairSettings & ModelSettings>>>,
  create: (gpu, dataset, { seed: _, ...settings }, options) =>
    createStair(gpu, dataset, settings, options),
  restore: (gpu, { train }, settings) => {
    const complete = { ...stairDefaults, ...settings };
    requireSettings(complete);
    return buildStair(gpu, train, complete, {
      users: new Float32Array(train.rowCount * complete.dim),
      items: new Float32Array(train.columnCount * complete.dim),
      neighbours: [],
    });
  },
};

/** What STAIR starts from, on the CPU. */
export interface StairInputs {
  /** User embeddings, users × dim. */
  readonly users: Float32Array<ArrayBuffer>;
  /** Item embeddings, items × dim. */
  readonly items: Float32Array<ArrayBuffer>;
  /** Neighbours in each modality. */
  readonly neighbours: readonly Neighbours[];
}

/**
 * Prepares and uploads STAIR for a dataset.
 *
 * @throws {InputError} when a setting is out of range or the dataset has no features.
 */
export async function createStair(
  gpu: Gpu,
  dataset: Dataset,
  settings: Partial<StairSettings> = {},
  options: PreparationOptions = {},
): Promise<Model> {
  const complete = { ...stairDefaults, ...settings };
  const inputs = await prepareStair(gpu, dataset, complete, options);
  return buildStair(gpu, dataset.train, complete, inputs);
}

/**
 * Uploads STAIR with given initial embeddings and neighbours.
 *
 * @throws {InputError} when a setting is out of range.
 * @throws {GpuError} when a graph or the embeddings exceed what the adapter can hold.
 */
export function buildStair(
  gpu: Gpu,
  train: SparsePattern,
  settings: StairSettings,
  { users, items, neighbours }: StairInputs,
): Model {
  requireSettings(settings);
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
    name: "stair",
    userCount,
    itemCount,
    parameters: { embeddings },
    settings: { ...settings },
    lossTerms: terms,
    phases: [{
      name: "training step",
      record: (tape, { embeddings }, batch) =>
        bprLoss(tape, stepwiseConvolution(tape, forward, embeddings!, batch), batch, terms.bpr),
      smoothItems: (tape, direction, ending) => convolveToEnding(tape, backward, direction, ending),
    }],
    represent: (tape) => convolve(tape, forward, embeddings),
    [Symbol.dispose]: () => resources.dispose(),
  };
}

/** Computes initial embeddings and neighbours from a dataset's modalities. */
async function prepareStair(
  gpu: Gpu,
  { name, train, modalities }: Dataset,
  settings: StairSettings,
  options: PreparationOptions,
): Promise<StairInputs> {
  requireSettings(settings);
  requireModalities(name, modalities, settings);
  const { dim } = settings;
  const k = (modality: Modality) => settings.neighbors[modality.name] ?? OTHER_NEIGHBORS;
  const used = modalities.filter((modality) => k(modality) > 0);
  const neighbours: Neighbours[] = [];
  const whitened: Float32Array[] = [], weights: number[] = [];
  for (const modality of used) {
    const { features, neighbours: given } = modality;
    neighbours.push(
      given
        ? { ids: given.nearest(k(modality)), k: k(modality) }
        : await nearestItems(gpu, features!, k(modality), options),
    );
    if (!features) continue;
    whitened.push(await whiten(gpu, features, dim, options));
    weights.push(k(modality));
  }
  const items = mixModalities(whitened, weights);
  return { users: meanOfItems(train, items, dim), items, neighbours };
}

/** Σ_m k_m · whitened_m / Σ_m k_m: initial item embeddings. */
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

function requireSettings({ dim, layers, gamma, neighbors }: StairSettings): void {
  requireShape({ dim, layers });
  if (!(gamma > 0)) throw new InputError(`gamma is ${gamma}, but must be above 0.`);
  for (const [name, k] of Object.entries(neighbors)) {
    if (!Number.isInteger(k) || k < 0 || k > LONGEST_LIST) {
      throw new InputError(
        `neighbors of "${name}" is ${k}, but must be a whole number from 0 to ${LONGEST_LIST}.`,
      );
    }
  }
}

function requireModalities(
  dataset: string,
  modalities: readonly Modality[],
  { neighbors }: StairSettings,
): void {
  const names = modalities.map(({ name }) => name);
  if (!modalities.some(({ name, features }) => features && neighbors[name] !== 0)) {
    throw new InputError(
      `STAIR starts from item features, and ${dataset} has none that are used ` +
        `(modalities: ${names.join(", ") || "none"}).`,
    );
  }
  // The defaults name modalities that a dataset may lack.
  const given = Object.entries(neighbors)
    .filter(([name, k]) => k !== stairDefaults.neighbors[name]).map(([name]) => name);
  const unknown = given.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new InputError(
      `neighbors names "${unknown}", but ${dataset} has the modalities ${names.join(", ")}.`,
    );
  }
}
