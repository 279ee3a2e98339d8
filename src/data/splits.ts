/**
 * The three parts that interactions are split into.
 *
 * @module
 */

/** The splits; the label of a split is its index in this list. */
export const SPLITS: readonly Split[] = ["train", "valid", "test"];

/** One of {@linkcode SPLITS}. */
export type Split = "train" | "valid" | "test";
