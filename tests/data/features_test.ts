import { assertEquals, assertThrows } from "@std/assert";
import { featuresOf, openFeatures } from "../../src/data/features.ts";
import { hashPieces } from "../../src/files/content_hash.ts";
import { diskFile } from "../../src/files/deno_source.ts";
import { InputError } from "../../src/input_error.ts";
import { encodeNpy, withFolder } from "./dataset_folder.ts";

Deno.test("features stay in the file and are read in tiles", () => {
  const file = encodeNpy([[1, 2], [3, 4], [5, 6]]);
  return withFolder({ "text_feat.npy": file }, async (folder) => {
    const features = await openFeatures(await diskFile(`${folder}/text_feat.npy`));
    assertEquals([features.rows, features.width], [3, 2]);
    assertEquals(features.source, `${folder}/text_feat.npy`);
    assertEquals(await features.read(1, 2), new Float32Array([3, 4]));
    assertEquals(await features.read(0, 3), new Float32Array([1, 2, 3, 4, 5, 6]));
    assertEquals(await features.contentHash(), await hashPieces([file]));
  });
});

Deno.test("the content hash is computed once", () =>
  withFolder({ "text_feat.npy": encodeNpy([[1]]) }, async (folder) => {
    const features = await openFeatures(await diskFile(`${folder}/text_feat.npy`));
    const first = await features.contentHash();
    await Deno.writeFile(`${folder}/text_feat.npy`, encodeNpy([[2]]));
    assertEquals(await features.contentHash(), first);
  }));

Deno.test("features at hand read like those of a file", async () => {
  const values = new Float32Array([1, 2, 3, 4, 5, 6]);
  const features = featuresOf(values, 2, "toy text");
  assertEquals([features.rows, features.width, features.source], [3, 2, "toy text"]);
  const tile = await features.read(1, 3);
  assertEquals(tile, new Float32Array([3, 4, 5, 6]));
  tile.fill(0);
  assertEquals(values[2], 3);
  assertEquals(await features.contentHash(), await hashPieces([values]));
});

Deno.test("features at hand must fill rows with finite numbers", () => {
  assertThrows(
    () => featuresOf(new Float32Array(5), 2, "toy"),
    InputError,
    "toy: 5 values do not fill rows of 2.",
  );
  assertThrows(
    () => featuresOf(new Float32Array([0, 1, 2, NaN]), 2, "toy"),
    InputError,
    "toy row 1, column 1 (counted from 0): NaN",
  );
  for (const width of [0, -1, 0.5]) {
    const says = `toy: 2 values do not fill rows of ${width}.`;
    assertThrows(() => featuresOf(new Float32Array(2), width, "toy"), InputError, says);
  }
});
