/**
 * Caching and progress of what is computed from features before training.
 *
 * @module
 */

import type { FeatureMatrix } from "../data/features.ts";
import { hashPieces } from "../files/content_hash.ts";
import type { StoredTensor } from "../files/safetensors.ts";
import type { GpuDevice } from "../gpu/device.ts";
import type { SparsePattern } from "../sparse/csr.ts";

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

/** What something is computed from: features or, of no width, interactions. */
type Source = FeatureMatrix | SparsePattern;

/** What was computed from a source, by settings and adapter; gone with the source. */
const computed = new WeakMap<Source, Map<string, Promise<Tensors>>>();

/**
 * Computes something from features or interactions once for its settings and the adapter, whose rounding it has: a
 * loop over models with the same source finds it in memory, and a later run in the cache folder, by the
 * source's content. Each caller gets arrays of its own. Without a folder nothing is hashed.
 */
export async function computeOnce(
  { adapterName: adapter }: Pick<GpuDevice, "adapterName">,
  source: Source,
  cacheFolder: string | undefined,
  settings: Readonly<Record<string, string | number>>,
  compute: () => Promise<Tensors>,
): Promise<Tensors> {
  const ofSource = computed.get(source) ?? new Map<string, Promise<Tensors>>();
  computed.set(source, ofSource);
  const key = { ...settings, adapter };
  const keyText = JSON.stringify(key);
  let result = ofSource.get(keyText);
  if (!result) {
    result = cacheFolder === undefined
      ? compute()
      : cachedOnDisk(cacheFolder, source, key, compute);
    ofSource.set(keyText, result);
    // A failure is told to those who wait for it, and not kept: the next try may succeed.
    result.catch(() => ofSource.delete(keyText));
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
  source: Source,
  key: Readonly<Record<string, string | number>>,
  compute: () => Promise<Tensors>,
): Promise<Tensors> {
  // Not a static import: what browsers load must not reach Deno's own functions.
  const { cached } = await import("../files/disk_cache.ts");
  if ("rowStart" in source) {
    const interactions = await hashPieces([source.rowStart, source.column]);
    return await cached(folder, { ...key, interactions, items: source.columnCount }, compute);
  }
  const { rows, width } = source;
  const features = await source.contentHash();
  return await cached(folder, { ...key, features, rows, width }, compute);
}
