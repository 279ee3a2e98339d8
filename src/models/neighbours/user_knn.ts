/**
 * UserKNN: a user is shown what the most similar users have (Resnick et al., CSCW 1994; for implicit feedback by
 * the cosine of rows of interactions, with pairs that share few items counting less).
 *
 * S_uv = |items of both| / (√d_u √d_v + h), the k largest of each row, with d the numbers of a user's items; scores
 * are S X.
 *
 * @module
 */
import { uploadCandidateRows } from "../../ops/ranking/sparse_scores.ts";
import { rowLengths, transpose } from "../../sparse/csr.ts";
import { valued } from "../../sparse/matrix_sums.ts";
import { defineModel } from "../define_model.ts";
import type { ModelKind } from "../model.ts";
import type { SettingsOf } from "../settings.ts";
import { COMPUTED, powers, similarLists } from "./similar_lists.ts";

const settings = {
  neighbors: { default: 1000, from: 1, whole: true, help: "most similar users kept, each" },
  shrinkage: {
    default: 1,
    from: 0,
    help: "what is added to the product of norms (h): pairs that share few items count less",
  },
} as const;

/** Settings by validation on Baby. */
export const userKnn: ModelKind<SettingsOf<typeof settings>> = defineModel({
  name: "user_knn",
  title: "UserKNN (Resnick et al., CSCW 1994)",
  settings,
  presets: {
    baby: { model: {}, training: COMPUTED, source: "chosen here, by validation on Baby" },
  },
  create: async (gpu, { train }, { neighbors, shrinkage }) => {
    const left = valued(train), right = transpose(left);
    const norms = powers(rowLengths(train), 0.5);
    const form = { left, right, rowScale: norms, columnScale: norms, shrinkage };
    const similar = await similarLists(gpu, "similar users", form, neighbors);
    const rows = uploadCandidateRows(gpu, "what users have", left);
    return {
      parameters: {},
      lossTerms: {},
      phases: [],
      products: [{ queries: similar, rows }],
      [Symbol.dispose]: () => rows[Symbol.dispose](),
    };
  },
});
