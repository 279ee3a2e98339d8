/**
 * What is common to everything computed from features before training.
 *
 * @module
 */

/** How to prepare a model's inputs. */
export interface PreparationOptions {
  /** Where neighbours and whitened features are kept between runs, by the content they come from. */
  readonly cacheFolder?: string;
  /** Told what is being computed, and which share of it is done: 1 once for each `what`. */
  readonly onProgress?: (what: string, share: number) => void;
}
