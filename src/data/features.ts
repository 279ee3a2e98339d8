/**
 * Item features: one row of numbers per item and modality.
 *
 * @module
 */

import { InputError } from "../input_error.ts";
import { hashPieces, type Piece } from "../files/content_hash.ts";
import { notFinite, openNpyMatrix } from "../files/npy.ts";
import type { SourceFile } from "../files/source.ts";

/** Bytes that are hashed at once. */
const PIECE_BYTES = 4 << 20;

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
  /** A hash of the file's bytes, in hex; computed once. */
  readonly contentHash: () => Promise<string>;
}

/**
 * Features in a `.npy` file, left there until they are read.
 *
 * @throws {InputError} The file is not a matrix of floats; see {@linkcode openNpyMatrix}.
 */
export async function openFeatures(file: SourceFile): Promise<FeatureMatrix> {
  const matrix = await openNpyMatrix(file);
  let hash: Promise<string> | undefined;
  const contentHash = () => hash ??= hashPieces(piecesOf(file.size, file.read));
  return { ...matrix, source: file.path, contentHash };
}

/**
 * Features at hand: `values` holds `width` numbers per item, row-major.
 *
 * @throws {InputError} The values do not fill whole rows, or one is not finite.
 */
export function featuresOf(values: Float32Array, width: number, source: string): FeatureMatrix {
  const rows = values.length / width;
  if (!(Number.isInteger(rows) && Number.isInteger(width) && width > 0)) {
    throw new InputError(`${source}: ${values.length} values do not fill rows of ${width}.`);
  }
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw notFinite(source, Math.floor(bad / width), bad % width, values[bad]!);
  let hash: Promise<string> | undefined;
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return {
    rows,
    width,
    source,
    read: (from, to) => Promise.resolve(values.slice(from * width, to * width)),
    contentHash: () =>
      hash ??= hashPieces(piecesOf(bytes.length, (from, to) => bytes.slice(from, to))),
  };
}

/** Bytes that may be too many for memory, a few at a time. */
async function* piecesOf(
  size: number,
  read: (from: number, to: number) => Piece | Promise<Piece>,
): AsyncGenerator<Piece> {
  for (let from = 0; from < size; from += PIECE_BYTES) {
    yield await read(from, Math.min(size, from + PIECE_BYTES));
  }
}
