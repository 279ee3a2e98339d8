/**
 * The item filter's similarities: two items are as similar as many users have both, with less for users of many items
 * and for popular items, sharpened by a power. W_ij = (d_i^−a Σ_u x_ui d_u^−b x_uj d_j^−c) ^ s.
 *
 * @module
 */
import { columnCounts, rowLengths, type SparsePattern, transpose } from "../../sparse/csr.ts";
import { valued } from "../../sparse/matrix_sums.ts";
import type { SettingsOf } from "../settings.ts";
import { powers, type SimilarityForm } from "./similar_lists.ts";

/** The powers and the length of lists, as settings: by validation on Baby. */
export const FILTER_FORM = {
  neighbors: { default: 512, from: 1, whole: true, help: "most similar items kept, each" },
  rowPower: { default: 0.25, from: 0, help: "an item of n users counts n^-a as what a user has" },
  userPower: { default: 0.25, from: 0, help: "a user of n items counts n^-b" },
  columnPower: { default: 0.15, from: 0, help: "an item of n users counts n^-c as what is found" },
  sharpness: { default: 1.3, above: 0, help: "power of each similarity (s)" },
} as const;

/** W of the train interactions. */
export function filterForm(
  train: SparsePattern,
  { rowPower, userPower, columnPower, sharpness }: Pick<
    SettingsOf<typeof FILTER_FORM>,
    "rowPower" | "userPower" | "columnPower" | "sharpness"
  >,
): SimilarityForm {
  const users = powers(rowLengths(train), -userPower), items = columnCounts(train);
  return {
    left: transpose(valued(train, (user) => users[user]!)),
    right: valued(train),
    rowScale: powers(items, rowPower),
    columnScale: powers(items, columnPower),
    power: sharpness,
  };
}
