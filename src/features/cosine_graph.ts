/**
 * Which items are alike in a modality, and how much: the fixed half of LATTICE's item graph.
 *
 * @module
 */
import type { FeatureMatrix } from "../data/features.ts";
import type { GpuDevice } from "../gpu/device.ts";
import { InputError } from "../input_error.ts";
import type { WeightedNeighbours } from "../ops/learned_graph/neighbour_graph.ts";
import { nearestItems } from "./nearest.ts";
import type { PreparationOptions } from "./preparation.ts";

/**
 * D^−½ C D^−½ with C the cosines of each item with its `k` nearest, itself first, and D the row sums of C,
 * on both sides although C is not symmetric; rows whose sum is not above 0 are zero.
 *
 * @param values The features, items × width.
 * @throws {InputError} when there are fewer than `k` items, or `k` is not from 2 to 129.
 */
export async function similarItems(
  gpu: GpuDevice,
  features: FeatureMatrix,
  values: Float32Array,
  k: number,
  options: PreparationOptions = {},
): Promise<WeightedNeighbours> {
  if (k > features.rows) {
    throw new InputError(
      `${features.source}: ${k} neighbours are asked of ${features.rows} items.`,
    );
  }
  const others = await nearestItems(gpu, features, k - 1, options);
  const ids = Uint32Array.from({ length: features.rows * k }, (_, place) => {
    const row = Math.floor(place / k);
    return place % k === 0 ? row : others.ids[row * (k - 1) + place % k - 1]!;
  });
  return { ids, values: normalise(ids, cosines(values, features.width, ids, k), k) };
}

/** The cosine of each row with those that its list names; 0 with rows of zeros. */
export function cosines(
  values: Float32Array,
  width: number,
  ids: Uint32Array,
  k: number,
): Float64Array {
  const product = (a: number, b: number): number => {
    let sum = 0;
    for (let c = 0; c < width; c++) sum += values[a * width + c]! * values[b * width + c]!;
    return sum;
  };
  const lengths = Float64Array.from(
    { length: values.length / width },
    (_, row) => Math.sqrt(product(row, row)),
  );
  return Float64Array.from(ids, (id, place) => {
    const row = Math.floor(place / k);
    const scale = lengths[row]! * lengths[id]!;
    return scale > 0 ? product(row, id) / scale : 0;
  });
}

/** D^−½ C D^−½ for lists of `k`. */
function normalise(ids: Uint32Array, entries: Float64Array, k: number): Float32Array<ArrayBuffer> {
  const scales = Float64Array.from({ length: ids.length / k }, (_, row) => {
    const sum = entries.subarray(row * k, (row + 1) * k).reduce((total, entry) => total + entry, 0);
    return sum > 0 ? 1 / Math.sqrt(sum) : 0;
  });
  return Float32Array.from(
    entries,
    (entry, place) => entry * scales[Math.floor(place / k)]! * scales[ids[place]!]!,
  );
}
