/**
 * What the paper's programs cost, on an RTX 3090 (paper, Table 3).
 *
 * @module
 */

/** The paper's datasets, by the names of their presets. */
export type PaperDataset = "baby" | "sports" | "electronics";

/** What a model costs on a dataset. */
export interface PaperCost {
  /** Seconds per epoch. */
  readonly seconds: number;
  /** GPU memory. */
  readonly megabytes: number;
}

/** All of {@linkcode PaperDataset}, in the order of the paper. */
export const paperDatasets: readonly PaperDataset[] = ["baby", "sports", "electronics"];

/** The rows of Table 3 that are measured here too, by model. */
export const paperCosts: Readonly<Record<string, Readonly<Record<PaperDataset, PaperCost>>>> = {
  "STAIR": {
    baby: { seconds: 1.45, megabytes: 490 },
    sports: { seconds: 2.65, megabytes: 696 },
    electronics: { seconds: 10.23, megabytes: 1738 },
  },
  "LightGCN": {
    baby: { seconds: 1.25, megabytes: 478 },
    sports: { seconds: 1.99, megabytes: 684 },
    electronics: { seconds: 9.08, megabytes: 1676 },
  },
  "MF-BPR": {
    baby: { seconds: 1.18, megabytes: 468 },
    sports: { seconds: 1.79, megabytes: 664 },
    electronics: { seconds: 8.33, megabytes: 1494 },
  },
};
