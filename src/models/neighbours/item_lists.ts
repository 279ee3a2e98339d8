/**
 * Models that are lists of similar items: what a user has leads to what is similar to it.
 *
 * @module
 */
import type { Dataset } from "../../data/dataset.ts";
import { mixedContent } from "../../features/content_graph.ts";
import type { PreparationOptions } from "../../features/preparation.ts";
import type { GpuDevice } from "../../gpu/device.ts";
import { largestOfRows } from "../../ops/ranking/largest_of_rows.ts";
import { uploadCandidateRows } from "../../ops/ranking/sparse_scores.ts";
import type { SparseMatrix } from "../../sparse/csr.ts";
import { addMatrices, sumOfEntries, valued } from "../../sparse/matrix_sums.ts";
import { type ModelParts, NOTHING_TRAINED } from "../model.ts";
import { NO_CONTENT } from "../settings.ts";
import { type SimilarityForm, similarLists } from "./similar_lists.ts";

/** The weights of content, as a setting. */
export const LIST_CONTENT = {
  default: NO_CONTENT,
  from: 0,
  help: "weight of what is alike in a modality, of what is bought together",
} as const;

/** The weight of a second hop, as a setting. */
export const SECOND_HOP = {
  default: 0,
  from: 0,
  help: "weight of what is similar to similar items, 50 each",
} as const;

/** Items that similar items lead to, each. */
const SECOND_HOP_NEIGHBOURS = 50;

/** What the lists of a model are made with. */
export interface ListSettings {
  /** The length of lists by what is bought together. */
  readonly neighbors: number;
  /** Weights of the content of modalities, by name. */
  readonly content: Readonly<Record<string, number>>;
  /** Weight of what similar items lead to. */
  readonly secondHop: number;
}

/**
 * Makes a model whose scores are X P, with P = W + Σ_m w_m (ΣW / ΣT_m) T_m of W by what is bought together and
 * T_m by content (content_graph.ts), and then P + v (ΣP / ΣP₂) P₂, with P₂ = P P cut to 50 a row.
 *
 * @throws {InputError} when the content names a modality that the dataset lacks.
 * @throws {GpuError} when it exceeds what the adapter can hold.
 */
export async function itemListModel(
  gpu: GpuDevice,
  data: Dataset,
  form: SimilarityForm,
  { neighbors, ...added }: ListSettings,
  options: PreparationOptions,
): Promise<ModelParts> {
  const bought = await similarLists(gpu, "similar items", form, neighbors);
  return await listModel(gpu, data, bought, added, options);
}

/** The same of a W that is there already. */
export async function listModel(
  gpu: GpuDevice,
  data: Dataset,
  bought: SparseMatrix,
  { content, secondHop }: Pick<ListSettings, "content" | "secondHop">,
  options: PreparationOptions,
): Promise<ModelParts> {
  const alike = await mixedContent(gpu, data, content, options, sumOfEntries(bought));
  const near = alike ? addMatrices(bought, alike, 1) : bought;
  const lists = secondHop > 0 ? await withSecondHop(gpu, near, secondHop) : near;
  const rows = uploadCandidateRows(gpu, "similar items", lists);
  return {
    ...NOTHING_TRAINED,
    products: [{ queries: valued(data.train), rows }],
    similarItems: rows,
    [Symbol.dispose]: () => rows[Symbol.dispose](),
  };
}

async function withSecondHop(
  gpu: GpuDevice,
  lists: SparseMatrix,
  weight: number,
): Promise<SparseMatrix> {
  using rows = uploadCandidateRows(gpu, "similar items", lists);
  const product = { queries: lists, rows };
  const hop = await largestOfRows(gpu, "second hop", product, SECOND_HOP_NEIGHBOURS);
  return addMatrices(lists, hop, weight * sumOfEntries(lists) / sumOfEntries(hop));
}
