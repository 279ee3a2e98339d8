/**
 * RP3β: three steps of a random walk, from the user to an item, to a user who has it, to an item of theirs, with
 * less for popular items (Paudel, Christoffel, Newell & Bernstein, TiiS 2017).
 *
 * W_ij = d_i^−α Σ_u x_ui d_u^−α x_uj d_j^−β, with d the numbers of interactions of users and items.
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
  neighbors: { default: 200, from: 1, whole: true, help: "most similar items kept, each" },
  alpha: { default: 0.3, from: 0, help: "a step from a node of n neighbours counts n^-α" },
  beta: { default: 0.1, from: 0, help: "an item of n users counts n^-β where the walk ends" },
  content: LIST_CONTENT,
  secondHop: SECOND_HOP,
} as const;

/** Settings by validation on Baby. */
export const rp3Beta: ModelKind<SettingsOf<typeof settings>> = defineModel({
  name: "rp3_beta",
  title: "RP3β (Paudel et al., TiiS 2017)",
  settings,
  presets: { baby: COMPUTED_FOR_BABY },
  create: async (gpu, data, { alpha, beta, ...lists }, options) => {
    const users = powers(rowLengths(data.train), -alpha), items = columnCounts(data.train);
    const form = {
      left: transpose(valued(data.train, (user) => users[user]!)),
      right: valued(data.train),
      rowScale: powers(items, alpha),
      columnScale: powers(items, beta),
    };
    return await itemListModel(gpu, data, form, lists, options);
  },
});
