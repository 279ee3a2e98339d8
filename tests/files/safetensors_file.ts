/**
 * Whole safetensors files, for tests that change or read them.
 *
 * @module
 */
import { safetensorsParts } from "../../src/files/safetensors.ts";

/** A file's bytes, all parts of it. */
export function encodeSafetensors(
  ...content: Parameters<typeof safetensorsParts>
): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(safetensorsParts(...content).flatMap((part) => [...part]));
}
