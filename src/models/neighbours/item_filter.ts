/**
 * The item filter: a filter of the interactions' graph that needs no training. Two items are as similar as many
 * users have both, with less for users of many items and for popular items, sharpened by a power.
 *
 * W_ij = (d_i^−a Σ_u x_ui d_u^−b x_uj d_j^−c) ^ s, with d the numbers of interactions. With b = 1 and s = 1 it is
 * two steps of a normalised propagation, X D_u^−1 Xᵀ; RP3β is s = 1; the power takes the place of choosing the
 * nearest few.
 *
 * @module
 */
import { defineModel } from "../define_model.ts";
import type { ModelKind } from "../model.ts";
import type { SettingsOf } from "../settings.ts";
import { COMPUTED_FOR_BABY } from "../shared_presets.ts";
import { FILTER_FORM, filterForm } from "./item_filter_form.ts";
import { itemListModel, LIST_CONTENT, SECOND_HOP } from "./item_lists.ts";

const settings = {
  neighbors: FILTER_FORM.neighbors,
  rowPower: FILTER_FORM.rowPower,
  userPower: FILTER_FORM.userPower,
  columnPower: FILTER_FORM.columnPower,
  sharpness: FILTER_FORM.sharpness,
  content: LIST_CONTENT,
  secondHop: SECOND_HOP,
} as const;

/** Settings by validation on Baby. */
export const itemFilter: ModelKind<SettingsOf<typeof settings>> = defineModel({
  name: "item_filter",
  title: "Item filter (a sharpened two-step filter of the graph)",
  settings,
  presets: { baby: COMPUTED_FOR_BABY },
  create: async (gpu, data, settings, options) =>
    await itemListModel(gpu, data, filterForm(data.train, settings), settings, options),
});
