/**
 * Spectrum shift correction: what LightGCN-SSC and JGCF-SSC share (He, Xu, Wang & Zhang, KDD 2025, arXiv 2502.08071).
 *
 * Items are linked to similar ones in the graph of interactions, which moves its spectrum: with Ŵ the normalised
 * graph of both (jointGraph), S = (Ŵ − μI) / Δ takes the place of Ã in a polynomial filter.
 *
 * As in the authors' code (yhhe2004/SSC-KDD) each item is among its own neighbours. Departing from it, neighbours are
 * nearest by cosine of the features as they are, as for all models here, where the code takes 200 principal components
 * first.
 *
 * @module
 */
import type { Dataset } from "../../data/dataset.ts";
import { nearestInModality } from "../../features/nearest.ts";
import type { PreparationOptions } from "../../features/preparation.ts";
import type { GpuDevice } from "../../gpu/device.ts";
import { InputError } from "../../input_error.ts";
import type { RecurrenceStep } from "../../ops/graphs/polynomial_convolution.ts";
import type { SparseMatrix } from "../../sparse/csr.ts";
import type { Neighbours } from "../../sparse/graphs.ts";
import { jointGraph } from "../../sparse/joint_graph.ts";
import { modalityWeights } from "../freedom.ts";

/** How many neighbours items have, as a setting. */
export const NEIGHBORS = {
  default: 10,
  from: 0,
  to: 129,
  whole: true,
  help: "nearest items per modality, the item itself among them (κ); 0 for none",
} as const;

/** The shift, as a setting. */
export const SHIFT = {
  default: 0.05,
  help: "what is taken from the graph's spectrum (μ)",
} as const;

/** The scale, as a setting. */
export const SCALE = {
  default: 0.75,
  above: 0,
  help: "what its spectrum is divided by then (Δ)",
} as const;

/** The weight of the image, as a setting. */
export const IMAGE_WEIGHT = {
  default: 0.1,
  from: 0,
  to: 1,
  help: "weight of similar images; the others share the rest",
} as const;

/** The settings of a shifted graph. */
export interface ShiftSettings {
  /** κ. */
  readonly neighbors: number;
  /** μ. */
  readonly shift: number;
  /** Δ. */
  readonly scale: number;
  /** Of the image, beside the others. */
  readonly imageWeight: number;
}

/**
 * Ŵ, of interactions and similar items.
 *
 * @throws {InputError} when the dataset has no modality.
 */
export async function shiftedGraph(
  gpu: GpuDevice,
  { name, train, modalities }: Dataset,
  { neighbors, imageWeight }: ShiftSettings,
  options: PreparationOptions,
): Promise<SparseMatrix> {
  if (neighbors === 0) return jointGraph(train, [], []);
  if (modalities.length === 0) {
    throw new InputError(`SSC needs features or neighbours of items, but ${name} has none.`);
  }
  const lists: Neighbours[] = [];
  for (const modality of modalities) {
    lists.push(await nearestInModality(gpu, modality, neighbors - 1, options));
  }
  return jointGraph(train, lists, modalityWeights(modalities.map((one) => one.name), imageWeight));
}

/** Steps of a recurrence in S as steps in Ŵ. */
export function shiftedSteps(
  steps: readonly RecurrenceStep[],
  { shift, scale }: Pick<ShiftSettings, "shift" | "scale">,
): RecurrenceStep[] {
  return steps.map(({ product, own, earlier }) => ({
    product: product / scale,
    own: own - product * shift / scale,
    earlier,
  }));
}
