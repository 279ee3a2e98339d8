/**
 * Whitening: item features of any width, compressed to embeddings (paper, "Motivation", last
 * paragraph; Su et al. 2021).
 *
 * @module
 */
import type { FeatureMatrix } from "../data/features.ts";
import type { GpuDevice } from "../gpu/device.ts";
import { leftSingularVectors, type TiledMatrix } from "./singular_vectors.ts";
import { computeOnce, type PreparationOptions } from "./preparation.ts";

/** Rows read at once. */
const ROWS_PER_TILE = 4096;

/** Entries whose largest is within 2^±20 are left as they are. */
const SAFE_EXPONENT = 20;

/**
 * The strongest `dim` left singular vectors of the centred features, times √(items / dim), so that
 * entries have a mean square of 1 / dim; items × dim, row-major. Each column's largest entry is
 * positive. Columns beyond the features' rank are zero, and a warning says so.
 */
export async function whiten(
  gpu: GpuDevice,
  features: FeatureMatrix,
  dim: number,
  { cacheFolder, onProgress }: PreparationOptions = {},
): Promise<Float32Array<ArrayBuffer>> {
  const { rows, source } = features;
  if (gpu.dry) return new Float32Array(rows * dim);
  const { vectors, rank } = await computeOnce(
    gpu,
    features,
    cacheFolder,
    { kind: "whitened-2", dim },
    async () => {
      const { vectors, rank } = await leftSingularVectors(
        gpu,
        await centred(features, onProgress),
        dim,
      );
      const scale = Math.sqrt(rows / dim);
      const data = vectors.map((value) => value * scale);
      return {
        vectors: { shape: [rows, dim], data },
        rank: { shape: [1], data: Uint32Array.of(rank) },
      };
    },
  );
  const found = rank!.data[0]!;
  if (found < dim) {
    console.warn(
      `${source}: features of rank ${found} leave ${dim - found} of ${dim} embedding columns zero.`,
    );
  }
  return vectors!.data as Float32Array<ArrayBuffer>;
}

/**
 * The matrix with each column's mean taken off, and very large or small entries scaled, all by the same
 * power of two: directions stay, and squares keep within f32. Means and differences are in f64.
 */
async function centred(
  features: FeatureMatrix,
  onProgress: PreparationOptions["onProgress"],
): Promise<TiledMatrix> {
  const { rows, width } = features;
  const read = withProgress(features, onProgress);
  const mean = new Float64Array(width);
  const least = new Float64Array(width).fill(Infinity);
  const most = new Float64Array(width).fill(-Infinity);
  for (let from = 0; from < rows; from += ROWS_PER_TILE) {
    const tile = await read(from, Math.min(rows, from + ROWS_PER_TILE));
    for (let i = 0, column = 0; i < tile.length; i++, column = (column + 1) % width) {
      const value = tile[i]!;
      mean[column]! += value;
      least[column] = Math.min(least[column]!, value);
      most[column] = Math.max(most[column]!, value);
    }
  }
  for (let column = 0; column < width; column++) mean[column]! /= rows;
  const scale = scaleFor(
    mean.reduce((far, x, c) => Math.max(far, most[c]! - x, x - least[c]!), 0),
  );
  return {
    rows,
    width,
    read: async (from, to) => {
      const tile = await read(from, to);
      for (let i = 0, column = 0; i < tile.length; i++, column = (column + 1) % width) {
        tile[i] = (tile[i]! - mean[column]!) * scale;
      }
      return tile;
    },
  };
}

/**
 * The power of two that brings `largest` near 1; 1 where sums of squares cannot overflow or vanish in f32
 * anyway.
 */
function scaleFor(largest: number): number {
  const exponent = Math.round(Math.log2(largest));
  return largest === 0 || Math.abs(exponent) <= SAFE_EXPONENT ? 1 : 2 ** -exponent;
}

/** Reads rows and tells how far each pass over the features is. */
function withProgress(
  { rows, source, read }: FeatureMatrix,
  onProgress: PreparationOptions["onProgress"],
): FeatureMatrix["read"] {
  let pass = 0;
  return async (from, to) => {
    if (from === 0) pass++;
    const tile = await read(from, to);
    onProgress?.(`whitening ${source}, pass ${pass}`, to / rows);
    return tile;
  };
}
