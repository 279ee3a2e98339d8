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
import { scoreDeviations, standardised } from "../ops/ranking/score_deviations.ts";
import { rankedBy } from "../ops/ranking/tiles.ts";
import type { ModelParts } from "./model.ts";
import { FILTER_FORM, filterForm } from "./neighbours/item_filter_form.ts";
import { itemListModel } from "./neighbours/item_lists.ts";
import { completeSettings } from "./settings.ts";

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
  const settings = completeSettings("the item filter", FILTER_FORM);
  const lists = { neighbors: settings.neighbors, content, secondHop: 0 };
  const form = filterForm(data.train, settings);
  const filter = guard.use(await itemListModel(gpu, data, form, lists, options));
  const rank = () => rankedBy(data, undefined, filter.products);
  const deviations = await scoreDeviations(gpu, "item filter", data.train, rank);
  const products = standardised(filter.products!, deviations, weight);
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
