/**
 * What a model makes of users and items, as arrays.
 *
 * @module
 */
import { builtModel, type Model } from "../models/model.ts";
import { readRepresentations } from "../models/representations.ts";
import { modelTensors, readTensors } from "../models/saved_tensor.ts";

/** Representations: the score of user u and item i is the inner product of their rows. */
export interface Embeddings {
  /** userCount × dim, row-major. */
  readonly users: Float32Array<ArrayBuffer>;
  /** itemCount × dim, row-major. */
  readonly items: Float32Array<ArrayBuffer>;
  /** Numbers per row. */
  readonly dim: number;
}

/**
 * What the model ranks with as it is now, which is not its raw parameters.
 *
 * @throws {InputError} when it ranks by lists of what is similar, not by vectors.
 * @throws {GpuError} when the GPU fails.
 */
export async function embeddings(model: Model): Promise<Embeddings> {
  const built = builtModel(model);
  const { data, width: dim } = await readRepresentations(built);
  const firstItem = built.userCount * dim;
  return { users: data.slice(0, firstItem), items: data.slice(firstItem), dim };
}

/**
 * What training changes, and what else a saved model has, as it is now: before training, what it starts
 * from. STAIR's `embeddings` are users, then items, × dim.
 *
 * @returns Arrays by name, row-major, with their sizes.
 * @throws {GpuError} when the GPU fails.
 */
export async function parameters(
  model: Model,
): Promise<
  Record<string, { readonly shape: readonly number[]; readonly data: Float32Array<ArrayBuffer> }>
> {
  const built = builtModel(model);
  return await readTensors(built.gpu, modelTensors(built));
}
