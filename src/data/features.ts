/**
 * Item features: one row of numbers per item and modality.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { InputError } from "../input_error.ts";
import { notFinite, openNpyMatrix } from "../files/npy.ts";

/** A rows x width matrix that is read in row tiles; it may be larger than memory. */
export interface FeatureMatrix {
  /** Number of rows: one per item. */
  readonly rows: number;
  /** Number of features of an item. */
  readonly width: number;
  /** The file, or what stands for it in messages. */
  readonly source: string;
  /**
   * Rows `[from, to)`, row-major, every value finite.
   *
   * @throws {InputError} A value is not finite: told by file, row and column.
   */
  readonly read: (from: number, to: number) => Promise<Float32Array<ArrayBuffer>>;
  /** SHA-256 of the file's bytes, in hex; computed once. */
  readonly contentHash: () => Promise<string>;
}

/**
 * Features in a `.npy` file, left on disk.
 *
 * @throws {InputError} The file is not a matrix of floats; see {@linkcode openNpyMatrix}.
 */
export async function openFeatures(path: string): Promise<FeatureMatrix> {
  const matrix = await openNpyMatrix(path);
  let hash: Promise<string> | undefined;
  return { ...matrix, source: path, contentHash: () => hash ??= hashFile(path) };
}

/**
 * Features at hand: `values` holds `width` numbers per item, row-major.
 *
 * @throws {InputError} The values do not fill whole rows, or one is not finite.
 */
export function featuresOf(
  values: Float32Array<ArrayBuffer>,
  width: number,
  source: string,
): FeatureMatrix {
  const rows = values.length / width;
  if (!Number.isInteger(rows)) {
    throw new InputError(`${source}: ${values.length} values do not fill rows of ${width}.`);
  }
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw notFinite(source, Math.floor(bad / width), bad % width, values[bad]!);
  return {
    rows,
    width,
    source,
    read: (from, to) => Promise.resolve(values.slice(from * width, to * width)),
    contentHash: () => Promise.resolve(createHash("sha256").update(values).digest("hex")),
  };
}

async function hashFile(path: string): Promise<string> {
  using file = await Deno.open(path);
  const hash = createHash("sha256");
  for await (const piece of file.readable) hash.update(piece);
  return hash.digest("hex");
}
