import { assertEquals, assertNotEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { hashPieces } from "../../src/files/content_hash.ts";

const sha256 = (data: Uint8Array): Uint8Array => createHash("sha256").update(data).digest();

Deno.test("pieces are hashed as the SHA-256 of their SHA-256", async () => {
  const bytes = new TextEncoder().encode("né");
  const expected = sha256(new Uint8Array([...sha256(bytes), ...sha256(Uint8Array.of(0, 1))]));
  assertEquals(
    await hashPieces(["né", Uint16Array.of(256)]),
    Array.from(expected, (byte) => byte.toString(16).padStart(2, "0")).join(""),
  );
  const later = (async function* () {
    yield await Promise.resolve("né");
    yield Uint16Array.of(7, 256, 8).subarray(1, 2);
  })();
  assertEquals(await hashPieces(later), await hashPieces(["né", Uint16Array.of(256)]));
});

Deno.test("where a piece ends counts", async () => {
  const hashes = await Promise.all([["ab"], ["a", "b"], ["ab", ""], [""], []].map(hashPieces));
  assertEquals(new Set(hashes).size, hashes.length);
  assertNotEquals(hashes[0], await hashPieces(["ba"]));
});
