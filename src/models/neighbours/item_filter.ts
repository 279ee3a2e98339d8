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
import { columnCounts, rowLengths, transpose } from "../../sparse/csr.ts";
import { valued } from "../../sparse/matrix_sums.ts";
import { defineModel } from "../define_model.ts";
import type { ModelKind } from "../model.ts";
import type { SettingsOf } from "../settings.ts";
import { COMPUTED_FOR_BABY } from "../shared_presets.ts";
import { itemListModel, LIST_CONTENT, SECOND_HOP } from "./item_lists.ts";
import { powers } from "./similar_lists.ts";

const settings = {
  neighbors: { default: 512, from: 1, whole: true, help: "most similar items kept, each" },
  rowPower: { default: 0.25, from: 0, help: "an item of n users counts n^-a as what a user has" },
  userPower: { default: 0.25, from: 0, help: "a user of n items counts n^-b" },
  columnPower: { default: 0.15, from: 0, help: "an item of n users counts n^-c as what is found" },
  sharpness: { default: 1.3, above: 0, help: "power of each similarity (s)" },
  content: LIST_CONTENT,
  secondHop: SECOND_HOP,
} as const;

/** Settings by validation on Baby. */
export const itemFilter: ModelKind<SettingsOf<typeof settings>> = defineModel({
  name: "item_filter",
  title: "Item filter (a sharpened two-step filter of the graph)",
  settings,
  presets: { baby: COMPUTED_FOR_BABY },
  create: async (gpu, data, { rowPower, userPower, columnPower, sharpness, ...lists }, options) => {
    const users = powers(rowLengths(data.train), -userPower), items = columnCounts(data.train);
    const form = {
      left: transpose(valued(data.train, (user) => users[user]!)),
      right: valued(data.train),
      rowScale: powers(items, rowPower),
      columnScale: powers(items, columnPower),
      power: sharpness,
    };
    return await itemListModel(gpu, data, form, lists, options);
  },
});
