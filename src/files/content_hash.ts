/**
 * Hashes of content: the same bytes have the same hash on every machine.
 *
 * @module
 */

/** Text, hashed as UTF-8, or numbers, by their bytes. */
export type Piece = string | ArrayBufferView<ArrayBuffer>;

/**
 * SHA-256, in hex, of the SHA-256 of each piece, so that it also counts where one ends. Web Crypto, which
 * browsers have too, hashes no streams; this way one piece at a time is in memory.
 */
export async function hashPieces(
  pieces: Iterable<Piece> | AsyncIterable<Piece>,
): Promise<string> {
  const hashes: number[] = [];
  for await (const piece of pieces) {
    hashes.push(...await sha256(typeof piece === "string" ? encoder.encode(piece) : piece));
  }
  const bytes = await sha256(Uint8Array.from(hashes));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const encoder = new TextEncoder();

async function sha256(bytes: ArrayBufferView<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
