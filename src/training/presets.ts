/**
 * The settings published for each of the paper's datasets, as in the authors' code, and the shop's.
 *
 * @module
 */
import { stairDefaults, type StairSettings } from "../models/stair.ts";
import type { AdamSettings } from "./adamw.ts";

/** All that is published of a run. */
export interface Preset {
  /** STAIR's settings. */
  readonly model: StairSettings;
  /** Optimizer, batch size and epochs. */
  readonly training: AdamSettings & {
    readonly batchSize: number;
    readonly epochs: number;
    /** Evaluations without a better one after which to stop; the paper never does. */
    readonly patience?: number;
  };
}

/** The paper's datasets, and the embedded shop. */
export type PresetName = "baby" | "sports" | "electronics" | "shop";

/** STAIR's published settings on the paper's three datasets, and ours on the shop. */
export const presets: Readonly<Record<PresetName, Preset>> = {
  baby: preset(0.1, 0.3, 1024),
  sports: preset(0.2, 0.1, 1024),
  electronics: preset(0.4, 0.1, 4096),
  shop: {
    model: { ...stairDefaults, gamma: 0.5 },
    training: { learningRate: 0.01, weightDecay: 1, batchSize: 512, epochs: 200, patience: 5 },
  },
};

/** The settings of the dataset of this name; Baby's for others. */
export function presetFor(dataset: string): Preset {
  return Object.hasOwn(presets, dataset) ? presets[dataset as PresetName] : presets.baby;
}

function preset(gamma: number, weightDecay: number, batchSize: number): Preset {
  return {
    model: { ...stairDefaults, gamma },
    training: { learningRate: 1e-3, weightDecay, batchSize, epochs: 500 },
  };
}
