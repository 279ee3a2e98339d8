/**
 * What presets of several models share.
 *
 * @module
 */
import type { TrainingSettings } from "./model.ts";

/** Where presets of the STAIR authors' own collection are from. */
export const RECBOARD = "RecBoard, the STAIR authors' collection";

const SHOP_TRAINING: TrainingSettings = {
  learningRate: 0.01,
  weightDecay: 0,
  batchSize: 512,
  epochs: 200,
  patience: 5,
};

/**
 * The preset of the embedded shop (data/README.md). Chosen here, for a dataset a twelfth of Baby's size: a
 * smaller batch, a higher learning rate, and a run that ends after five evaluations without a better one.
 */
export const SHOP = {
  model: {},
  training: SHOP_TRAINING,
  source: "chosen here for the shop",
} as const;

/** How a model is trained that is computed when it is made: not at all. */
export const COMPUTED: TrainingSettings = {
  learningRate: 1e-3,
  weightDecay: 0,
  batchSize: 1024,
  epochs: 0,
};

/** The preset of Baby of what is computed: its defaults. */
export const COMPUTED_FOR_BABY = {
  model: {},
  training: COMPUTED,
  source: "chosen here, by validation on Baby",
} as const;
