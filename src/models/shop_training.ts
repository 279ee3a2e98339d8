/**
 * How models are trained on the embedded shop (data/README.md).
 *
 * @module
 */
import type { TrainingSettings } from "./model.ts";

/**
 * Chosen here, for a dataset a twelfth of Baby's size: a smaller batch, a higher learning rate, and a run that
 * ends after five evaluations without a better one.
 */
export const SHOP_TRAINING: TrainingSettings = {
  learningRate: 0.01,
  weightDecay: 0,
  batchSize: 512,
  epochs: 200,
  patience: 5,
};

/** Where they are from. */
export const SHOP_SOURCE = "chosen here for the shop";
