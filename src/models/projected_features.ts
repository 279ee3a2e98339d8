/**
 * Item features that are trained, and a linear layer over those of each modality: T = F Wᵀ + b.
 *
 * Features are wide; where only a batch's items are needed, only their projections are computed.
 *
 * @module
 */
import type { Dataset, Modality } from "../data/dataset.ts";
import type { FeatureMatrix } from "../data/features.ts";
import type { GpuDevice } from "../gpu/device.ts";
import { createTensor, type Tensor } from "../gpu/tensor.ts";
import { InputError } from "../input_error.ts";
import type { Batch } from "../tape/batch.ts";
import { gatherBatch, type TripleList } from "../ops/rows/gather_batch.ts";
import { linear } from "../ops/rows/linear.ts";
import type { Tape, Variable } from "../tape/tape.ts";
import type { Variables } from "./model.ts";

/** A modality with features. */
export interface FeaturedModality extends Modality {
  readonly features: FeatureMatrix;
}

/** A linear layer's initial values. */
export interface InitialLayer {
  /** dim × width. */
  readonly weight: Float32Array<ArrayBuffer>;
  /** dim. */
  readonly bias: Float32Array<ArrayBuffer>;
}

/**
 * The modalities that have features.
 *
 * @param model What the message calls the model.
 * @throws {InputError} when there are none.
 */
export function featuredModalities(
  { name, modalities }: Pick<Dataset, "name" | "modalities">,
  model: string,
): FeaturedModality[] {
  const featured = modalities.filter(hasFeatures);
  if (featured.length === 0) {
    throw new InputError(`${model} learns from item features, and ${name} has none.`);
  }
  return featured;
}

/**
 * All modalities, for models that learn from each.
 *
 * @param model What the message calls the model.
 * @throws {InputError} when one has no features, or there are none.
 */
export function allFeatured(
  { name, modalities }: Pick<Dataset, "name" | "modalities">,
  model: string,
): readonly FeaturedModality[] {
  if (modalities.length > 0 && modalities.every(hasFeatures)) return modalities;
  const lacking = modalities.find(({ features }) => !features);
  throw new InputError(
    `${model} learns from the features of every modality, and ${name} has ` +
      (lacking ? `neighbours alone of "${lacking.name}".` : "no modalities."),
  );
}

function hasFeatures(modality: Modality): modality is FeaturedModality {
  return modality.features !== undefined;
}

/**
 * Uploads NAME.features, NAME.weight and NAME.bias of each modality.
 *
 * @param draw Initial values of a modality's layer.
 */
export async function uploadProjections(
  gpu: GpuDevice,
  modalities: readonly FeaturedModality[],
  dim: number,
  draw: (name: string, dim: number, width: number) => InitialLayer,
): Promise<{ readonly parameters: Readonly<Record<string, Tensor>> } & Disposable> {
  using guard = new DisposableStack();
  const parameters: Record<string, Tensor> = {};
  const upload = (name: string, shape: readonly number[], data: Float32Array<ArrayBuffer>) => {
    parameters[name] = guard.use(createTensor(gpu, name, shape, data));
  };
  for (const { name, features: { rows, width, read } } of modalities) {
    const { weight, bias } = draw(name, dim, width);
    upload(`${name}.features`, [rows, width], await read(0, rows));
    upload(`${name}.weight`, [dim, width], weight);
    upload(`${name}.bias`, [dim], bias);
  }
  const resources = guard.move();
  return { parameters, [Symbol.dispose]: () => resources.dispose() };
}

/** Records a modality's projections T, items × dim, and their adjoint. */
export function projectAll(tape: Tape, parameters: Variables, name: string): Variable {
  const { features, weight, bias } = projectionOf(parameters, name);
  return linear(tape, features, weight, bias);
}

/**
 * Records a modality's projections for the items of a batch, and their adjoint.
 *
 * @param lists Which items: positive, negative, or both, stacked.
 * @returns (lists · batch size) × dim.
 */
export function projectBatch(
  tape: Tape,
  parameters: Variables,
  name: string,
  batch: Batch,
  lists: readonly Exclude<TripleList, "user">[],
  userCount: number,
): Variable {
  const { features, weight, bias } = projectionOf(parameters, name);
  const places = { firstRow: userCount, userCount };
  return linear(tape, gatherBatch(tape, features, batch, lists, places), weight, bias);
}

/** F, W and b of a modality. */
function projectionOf(
  parameters: Variables,
  name: string,
): Record<"features" | "weight" | "bias", Variable> {
  return {
    features: parameters[`${name}.features`]!,
    weight: parameters[`${name}.weight`]!,
    bias: parameters[`${name}.bias`]!,
  };
}
