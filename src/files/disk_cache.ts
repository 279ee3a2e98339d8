/**
 * A cache on disk for tensors that are costly to compute (neighbours, whitened features): one safetensors
 * file per key. A file is used only if its stored key and checksum are right.
 *
 * @module
 */

import { InputError } from "../input_error.ts";
import { hashPieces, type Piece } from "./content_hash.ts";
import { decodeSafetensors, safetensorsParts, type StoredTensor } from "./safetensors.ts";
import { writeAtomically } from "./write_atomically.ts";

/** Folders already reported as not writable, so that each is reported once. */
const reported = new Set<string>();

/**
 * The tensors that `compute` gives, taken from `directory` where an earlier call with the same `key`
 * left them. A damaged or foreign file is replaced; where the folder cannot be written, one warning
 * is printed and nothing is kept.
 *
 * @param directory The cache folder, created when missing.
 * @param key Everything the result depends on, inputs and code version alike, in any order.
 * @throws {RangeError} when a number in `key` is not finite, since JSON cannot tell those apart.
 */
export async function cached(
  directory: string,
  key: Record<string, string | number>,
  compute: () => Record<string, StoredTensor> | Promise<Record<string, StoredTensor>>,
): Promise<Record<string, StoredTensor>> {
  const keyText = canonicalJson(key);
  const name = (await hashPieces([keyText])).slice(0, 32);
  const path = `${directory}/${name}.safetensors`;
  const stored = await readCached(path, keyText);
  if (stored !== undefined) return stored;

  const tensors = await compute();
  const metadata = { key: keyText, digest: await digestOf(tensors) };
  try {
    await writeAtomically(path, safetensorsParts(tensors, metadata));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    if (!reported.has(directory)) console.warn(`Going on without the cache. ${error.message}`);
    reported.add(directory);
  }
  return tensors;
}

/** The tensors in the file, or undefined where they are missing or not to be trusted. */
async function readCached(
  path: string,
  keyText: string,
): Promise<Record<string, StoredTensor> | undefined> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await Deno.readFile(path);
  } catch {
    return undefined; // Unreadable: compute it anew. If the folder is at fault, writing will say so.
  }
  try {
    const { tensors, metadata } = decodeSafetensors(bytes, path);
    const valid = metadata.key === keyText && metadata.digest === await digestOf(tensors);
    return valid ? tensors : undefined;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** The same text for the same key, whatever the order of its fields. */
function canonicalJson(key: Record<string, string | number>): string {
  for (const [name, value] of Object.entries(key)) {
    if (typeof value === "number" && !Number.isFinite(value)) {
      throw new RangeError(`Cache key "${name}" is ${value}, not a finite number`);
    }
  }
  return JSON.stringify(Object.entries(key).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A hash of names, shapes and values: safetensors itself would not notice a flipped bit. */
async function digestOf(tensors: Record<string, StoredTensor>): Promise<string> {
  return await hashPieces(
    Object.entries(tensors).flatMap(([name, { shape, data }]): Piece[] => [
      JSON.stringify([name, data.constructor.name, shape]),
      data,
    ]),
  );
}
