/**
 * Which items look or read alike, as a matrix whose rows can be added to scores: what a modality says with no
 * model in between.
 *
 * @module
 */
import type { Dataset, Modality } from "../data/dataset.ts";
import type { GpuDevice } from "../gpu/device.ts";
import { InputError } from "../input_error.ts";
import { type SparseMatrix, transpose } from "../sparse/csr.ts";
import { normaliseSymmetric } from "../sparse/graphs.ts";
import { addMatrices, listedMatrix, sumOfEntries } from "../sparse/matrix_sums.ts";
import { cosines } from "./cosine_graph.ts";
import { nearestInModality } from "./nearest.ts";
import type { PreparationOptions } from "./preparation.ts";

/** Neighbours of each item in a modality; fewer where its lists are shorter, or items are fewer. */
const NEIGHBOURS = 9;

/**
 * T = D^−½ (C + Cᵀ) D^−½, items × items, with C the cosines of each item with its nine nearest, where they are
 * above 0, and D the row sums of C + Cᵀ.
 */
export async function contentGraph(
  gpu: GpuDevice,
  modality: Modality,
  itemCount: number,
  options: PreparationOptions = {},
): Promise<SparseMatrix> {
  const { neighbours, features } = modality;
  const k = Math.min(NEIGHBOURS, neighbours?.limit ?? itemCount - 1);
  const { ids } = await nearestInModality(gpu, modality, k, options);
  const values = neighbours
    ? neighbours.cosines(k)
    : cosines(await features!.read(0, itemCount), features!.width, ids, k);
  const listed = listedMatrix(ids, k, itemCount, values);
  return normaliseSymmetric(addMatrices(listed, transpose(listed), 1));
}

/**
 * Σ_m weight_m · T_m over some modalities.
 *
 * @param weights By modality; those of weight 0 are passed over.
 * @param total What the entries of each T_m are to sum up to; as they are unless told.
 * @returns Nothing where no modality is named.
 * @throws {InputError} when the dataset has not a modality, or neighbours cannot be found.
 */
export async function mixedContent(
  gpu: GpuDevice,
  { name, modalities, itemCount }: Dataset,
  weights: Readonly<Record<string, number>>,
  options: PreparationOptions = {},
  total?: number,
): Promise<SparseMatrix | undefined> {
  let mix: SparseMatrix | undefined;
  for (const [named, weight] of Object.entries(weights)) {
    if (weight === 0) continue;
    const modality = modalities.find((one) => one.name === named);
    if (!modality) {
      const known = modalities.map((one) => one.name).join(", ") || "no modalities";
      throw new InputError(`content names "${named}", but ${name} has ${known}.`);
    }
    const graph = await contentGraph(gpu, modality, itemCount, options);
    const factor = weight * (total === undefined ? 1 : total / sumOfEntries(graph));
    mix = mix
      ? addMatrices(mix, graph, factor)
      : { ...graph, value: graph.value.map((x) => factor * x) };
  }
  return mix;
}
