/**
 * A model trained on what the item filter leaves over: a user's scores by the filter, divided by their deviation, are
 * added to those that are trained, in BPR as a fixed offset of each margin, and when items are ranked.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { PreparationOptions } from "../features/preparation.ts";
import type { GpuDevice } from "../gpu/device.ts";
import { uploadOffsets } from "../ops/losses/score_offsets.ts";
import { scoreDeviations } from "../ops/ranking/score_deviations.ts";
import type { SparseScores } from "../ops/ranking/sparse_scores.ts";
import { rankedBy } from "../ops/ranking/tiles.ts";
import { valued } from "../sparse/matrix_sums.ts";
import type { ModelParts } from "./model.ts";
import { FILTER_FORM, filterForm } from "./neighbours/item_filter_form.ts";
import { itemListModel } from "./neighbours/item_lists.ts";

const { rowPower, userPower, columnPower, sharpness, neighbors } = FILTER_FORM;

/**
 * The parts of a model beside the filter. Takes the parts over.
 *
 * @param weight Of the filter's scores, whose deviation is 1 for each user.
 * @param content Of modalities, in the filter's lists.
 * @throws {InputError} when the content names a modality that the dataset lacks.
 * @throws {GpuError} when it exceeds what the adapter can hold.
 */
export async function withFilter(
  gpu: GpuDevice,
  data: Dataset,
  parts: ModelParts,
  weight: number,
  content: Readonly<Record<string, number>>,
  options: PreparationOptions,
): Promise<ModelParts> {
  using guard = new DisposableStack();
  guard.use(parts);
  const form = filterForm(data.train, {
    rowPower: rowPower.default,
    userPower: userPower.default,
    columnPower: columnPower.default,
    sharpness: sharpness.default,
  });
  const lists = { neighbors: neighbors.default, content, secondHop: 0 };
  const filter = guard.use(await itemListModel(gpu, data, form, lists, options));
  const products = await scaled(gpu, data, filter.products!, weight);
  const offsets = guard.use(uploadOffsets(gpu, "item filter", products[0]!));
  const resources = guard.move();
  return {
    ...parts,
    phases: parts.phases.map((phase) => ({
      ...phase,
      record: (tape, parameters, batch) => phase.record(tape, parameters, { ...batch, offsets }),
    })),
    products: [...parts.products ?? [], ...products],
    [Symbol.dispose]: () => resources.dispose(),
  };
}

/** The same scores times `weight` over each user's deviation of them; 0 for users for whom all are equal. */
async function scaled(
  gpu: GpuDevice,
  data: Dataset,
  products: readonly SparseScores[],
  weight: number,
): Promise<SparseScores[]> {
  const rank = () => rankedBy(data, undefined, products);
  const deviations = await scoreDeviations(gpu, "item filter", data.train, rank);
  const factor = (user: number): number => deviations[user]! > 0 ? weight / deviations[user]! : 0;
  return products.map(({ rows }) => ({ queries: valued(data.train, factor), rows }));
}
