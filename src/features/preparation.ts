/**
 * Caching and progress of what is computed from features before training.
 *
 * @module
 */

import type { FeatureMatrix } from "../data/features.ts";
import type { StoredTensor } from "../files/safetensors.ts";
import type { GpuDevice } from "../gpu/device.ts";

/** The scripts' cache folder. */
export const CACHE_FOLDER = "runs/.cache";

/** How to prepare a model's inputs. */
export interface PreparationOptions {
  /**
   * Where neighbours and whitened features are kept between runs, by the content they come from; needs
   * Deno. Within a run they are kept anyway, as long as their dataset is.
   */
  readonly cacheFolder?: string;
  /** Called with what is being computed and the share done, 0 to 1; with 1 once per computation. */
  readonly onProgress?: (what: string, share: number) => void;
}

type Tensors = Record<string, StoredTensor>;

/** What was computed from features, by settings and adapter; gone with the features. */
const computed = new WeakMap<FeatureMatrix, Map<string, Promise<Tensors>>>();

/**
 * Computes something from features once for their settings and the adapter, whose rounding it has: a loop
 * over models with the same features finds it in memory, and a later run in the cache folder, by the
 * features' content. Each caller gets arrays of its own. Without a folder nothing is hashed.
 */
export async function computeOnce(
  { adapterName: adapter }: Pick<GpuDevice, "adapterName">,
  features: FeatureMatrix,
  cacheFolder: string | undefined,
  settings: Readonly<Record<string, string | number>>,
  compute: () => Promise<Tensors>,
): Promise<Tensors> {
  const ofFeatures = computed.get(features) ?? new Map<string, Promise<Tensors>>();
  computed.set(features, ofFeatures);
  const key = { ...settings, adapter };
  const keyText = JSON.stringify(key);
  let result = ofFeatures.get(keyText);
  if (!result) {
    result = cacheFolder === undefined
      ? compute()
      : cachedOnDisk(cacheFolder, features, key, compute);
    ofFeatures.set(keyText, result);
    // A failure is told to those who wait for it, and not kept: the next try may succeed.
    result.catch(() => ofFeatures.delete(keyText));
  }
  return Object.fromEntries(
    Object.entries(await result).map(([name, { shape, data }]) => [
      name,
      { shape, data: data.slice() },
    ]),
  );
}

async function cachedOnDisk(
  folder: string,
  features: FeatureMatrix,
  key: Readonly<Record<string, string | number>>,
  compute: () => Promise<Tensors>,
): Promise<Tensors> {
  // Not a static import: what browsers load must not reach Deno's own functions.
  const { cached } = await import("../files/disk_cache.ts");
  const { rows, width } = features;
  const hash = await features.contentHash();
  return await cached(folder, { ...key, features: hash, rows, width }, compute);
}
