/**
 * ItemKNN: items are similar by the cosine of their columns of interactions (Deshpande & Karypis, TOIS 2004),
 * users of many items counting less, and pairs that few users share less (Bell & Koren, ICDM 2007).
 *
 * With y_ui = d_u^−w where user u of d_u items has item i: W_ij = ⟨y_i, y_j⟩ / (|y_i| |y_j| + h).
 *
 * @module
 */
import { rowLengths, transpose } from "../../sparse/csr.ts";
import { valued } from "../../sparse/matrix_sums.ts";
import { defineModel } from "../define_model.ts";
import type { ModelKind } from "../model.ts";
import type { SettingsOf } from "../settings.ts";
import { COMPUTED_FOR_BABY } from "../shared_presets.ts";
import { itemListModel, LIST_CONTENT, SECOND_HOP } from "./item_lists.ts";
import { powers, rowNorms } from "./similar_lists.ts";

const settings = {
  neighbors: { default: 500, from: 1, whole: true, help: "most similar items kept, each" },
  shrinkage: {
    default: 50,
    from: 0,
    help: "what is added to the product of norms (h): pairs that few users share count less",
  },
  userPower: { default: 0.25, from: 0, help: "a user of n items counts n^-w (w)" },
  content: LIST_CONTENT,
  secondHop: SECOND_HOP,
} as const;

/** Settings by validation on Baby. */
export const itemKnn: ModelKind<SettingsOf<typeof settings>> = defineModel({
  name: "item_knn",
  title: "ItemKNN (Deshpande & Karypis, TOIS 2004)",
  settings,
  presets: { baby: COMPUTED_FOR_BABY },
  create: async (gpu, data, { shrinkage, userPower, ...lists }, options) => {
    const weight = powers(rowLengths(data.train), -userPower);
    const right = valued(data.train, (user) => weight[user]!);
    const left = transpose(right), norms = rowNorms(left);
    const form = { left, right, rowScale: norms, columnScale: norms, shrinkage };
    return await itemListModel(gpu, data, form, lists, options);
  },
});
