/**
 * Whitening: item features of any width, compressed to embeddings (paper, "Motivation", last
 * paragraph; Su et al. 2021).
 *
 * @module
 */
import { cached } from "../data/cache.ts";
import type { FeatureMatrix } from "../data/features.ts";
import type { Gpu } from "../gpu/device.ts";
import { leftSingularVectors, type TiledMatrix } from "../ops/singular_vectors.ts";
import type { PreparationOptions } from "./preparation.ts";

/** Rows read at once. */
const ROWS_PER_TILE = 4096;

/**
 * The strongest `dim` left singular vectors of the centred features, times √(items / dim), so that
 * entries have a mean square of 1 / dim; items × dim, row-major. Each column's largest entry is
 * positive. Columns beyond the features' rank are zero, and a warning says so.
 */
export async function whiten(
  gpu: Gpu,
  features: FeatureMatrix,
  dim: number,
  { cacheFolder, onProgress }: PreparationOptions = {},
): Promise<Float32Array<ArrayBuffer>> {
  const { rows, source } = features;
  const { vectors, rank } = await cached(
    cacheFolder,
    { kind: "whitened-1", features: await features.contentHash(), dim },
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

/** The matrix with each column's mean taken off; means and differences in f64. */
async function centred(
  { rows, width, read, source }: FeatureMatrix,
  onProgress: PreparationOptions["onProgress"],
): Promise<TiledMatrix> {
  const mean = new Float64Array(width);
  for (let from = 0; from < rows; from += ROWS_PER_TILE) {
    const tile = await read(from, Math.min(rows, from + ROWS_PER_TILE));
    for (let i = 0, column = 0; i < tile.length; i++, column = (column + 1) % width) {
      mean[column]! += tile[i]!;
    }
  }
  for (let column = 0; column < width; column++) mean[column]! /= rows;
  return {
    rows,
    width,
    read: async (from, to) => {
      const tile = await read(from, to);
      for (let i = 0, column = 0; i < tile.length; i++, column = (column + 1) % width) {
        tile[i]! -= mean[column]!;
      }
      onProgress?.(`whitening ${source}`, to / rows);
      return tile;
    },
  };
}
