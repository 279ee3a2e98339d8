/**
 * UserKNN: a user is shown what the most similar users have (Resnick et al., CSCW 1994; for implicit feedback by
 * the cosine of rows of interactions, popular items counting less, and pairs that share few items less).
 *
 * With y_ui = d_i^−p where user u has item i of d_i users: S_uv = ⟨y_u, y_v⟩ / (|y_u| |y_v| + h), the k largest of
 * each row; scores are S X.
 *
 * @module
 */
import { uploadCandidateRows } from "../../ops/ranking/sparse_scores.ts";
import { columnCounts, transpose } from "../../sparse/csr.ts";
import { valued } from "../../sparse/matrix_sums.ts";
import { defineModel } from "../define_model.ts";
import { type ModelKind, NOTHING_TRAINED } from "../model.ts";
import type { SettingsOf } from "../settings.ts";
import { COMPUTED_FOR_BABY } from "../shared_presets.ts";
import { powers, rowNorms, similarLists } from "./similar_lists.ts";

const settings = {
  neighbors: { default: 1000, from: 1, whole: true, help: "most similar users kept, each" },
  shrinkage: {
    default: 1,
    from: 0,
    help: "what is added to the product of norms (h): pairs that share few items count less",
  },
  itemPower: { default: 0.25, from: 0, help: "an item of n users counts n^-p (p)" },
} as const;

/** Settings by validation on Baby. */
export const userKnn: ModelKind<SettingsOf<typeof settings>> = defineModel({
  name: "user_knn",
  title: "UserKNN (Resnick et al., CSCW 1994)",
  settings,
  presets: { baby: COMPUTED_FOR_BABY },
  create: async (gpu, { train }, { neighbors, shrinkage, itemPower }) => {
    const weight = powers(columnCounts(train), -itemPower);
    const left = valued(train, (_, item) => weight[item]!), right = transpose(left);
    const norms = rowNorms(left);
    const form = { left, right, rowScale: norms, columnScale: norms, shrinkage };
    const similar = await similarLists(gpu, "similar users", form, neighbors);
    const rows = uploadCandidateRows(gpu, "what users have", valued(train));
    return {
      ...NOTHING_TRAINED,
      products: [{ queries: similar, rows }],
      [Symbol.dispose]: () => rows[Symbol.dispose](),
    };
  },
});
