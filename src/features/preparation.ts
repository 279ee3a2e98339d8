/**
 * What is common to everything computed from features before training.
 *
 * @module
 */

import { cached } from "../files/disk_cache.ts";
import type { FeatureMatrix } from "../data/features.ts";
import type { StoredTensor } from "../files/safetensors.ts";
import type { Gpu } from "../gpu/device.ts";

/** Where scripts keep what was computed. */
export const CACHE_FOLDER = "runs/.cache";

/** How to prepare a model's inputs. */
export interface PreparationOptions {
  /** Where neighbours and whitened features are kept between runs, by the content they come from. */
  readonly cacheFolder?: string;
  /** Told what is being computed, and which share of it is done: 1 once for each `what`. */
  readonly onProgress?: (what: string, share: number) => void;
}

/**
 * Computes something from features once: kept by their content, the settings and the adapter, whose
 * rounding it has. Without a folder nothing is kept, and nothing is hashed.
 */
export async function computeOnce(
  gpu: Gpu,
  features: FeatureMatrix,
  cacheFolder: string | undefined,
  settings: Readonly<Record<string, string | number>>,
  compute: () => Promise<Record<string, StoredTensor>>,
): Promise<Record<string, StoredTensor>> {
  if (cacheFolder === undefined) return await compute();
  const { rows, width } = features;
  const hash = await features.contentHash();
  const key = { ...settings, features: hash, rows, width, adapter: gpu.adapterName };
  return await cached(cacheFolder, key, compute);
}
