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
import { backwardRatios, forwardRatios } from "../ops/layer_weights.ts";
import { uploadSparse } from "../ops/sparse_tensor.ts";
import {
  convolve,
  createStepwiseConvolution,
  stepwiseConvolution,
} from "../ops/stepwise_convolution.ts";
import { LONGEST_LIST } from "../ops/top_k.ts";
import type { SparsePattern } from "../sparse/csr.ts";
import { interactionGraph, type Neighbours, similarityGraph } from "../sparse/graphs.ts";
import { type Model, requireShape } from "./model.ts";

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
  const adjacency = guard.use(uploadSparse(gpu, "adjacency", interactionGraph(train)));
  const similarity = guard.use(
    uploadSparse(gpu, "similarity", similarityGraph(neighbours, itemCount)),
  );
  const forward = guard.use(
    createStepwiseConvolution(gpu, adjacency, forwardRatios(dim, gamma), layers),
  );
  const backward = guard.use(
    createStepwiseConvolution(gpu, similarity, backwardRatios(dim, gamma), layers),
  );
  const resources = guard.move();
  return {
    name: "stair",
    userCount,
    itemCount,
    embeddings,
    settings: { ...settings },
    represent: (tape, embeddings, batches) =>
      stepwiseConvolution(tape, forward, embeddings, batches),
    smoothItems: (tape, direction) => convolve(tape, backward, direction, userCount),
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
