import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { encode as encodePng } from "npm:fast-png@8.0.0";
import { encode as encodeJpeg } from "npm:jpeg-js@0.4.4";
import { IMAGE_FEATURE_WIDTH, imageFeatures } from "../../../scripts/encode/image_features.ts";
import {
  cutSprite,
  decodePicture,
  joinSprite,
  type Picture,
} from "../../../scripts/encode/picture.ts";
import { InputError } from "../../../src/input_error.ts";

const COLOUR = [0, 40], EDGES = [40, 168], LAYOUT = [168, 276];

Deno.test("imageFeatures: three blocks of length 1; edges of a plain picture are zero", () => {
  assertEquals(IMAGE_FEATURE_WIDTH, 276);
  const plain = features(paint(10, 7, () => [200, 30, 30, 255]));
  assertAlmostEquals(lengthOf(plain, COLOUR), 1, 1e-6);
  assertEquals(lengthOf(plain, EDGES), 0);
  assertAlmostEquals(lengthOf(plain, LAYOUT), 1, 1e-6);
  const half = features(paint(48, 48, (x) => x < 24 ? [0, 0, 0, 255] : [255, 255, 255, 255]));
  assertAlmostEquals(lengthOf(half, EDGES), 1, 1e-6);
});

Deno.test("imageFeatures: pure hues fall into their own bins", () => {
  // 12 hues × 3 values: pure red is hue 0 at the highest value, green hue 4, blue hue 8.
  const cases: [number[], number][] = [
    [[255, 0, 0, 255], 0 * 3 + 2],
    [[0, 255, 0, 255], 4 * 3 + 2],
    [[0, 0, 255, 255], 8 * 3 + 2],
    [[0, 0, 0, 255], 36],
    [[255, 255, 255, 255], 39],
  ];
  for (const [pixel, bin] of cases) {
    const colour = features(paint(5, 5, () => pixel)).slice(...COLOUR);
    colour.forEach((entry, index) => assertAlmostEquals(entry, Number(index === bin), 1e-6));
  }
});

Deno.test("imageFeatures: an upright edge and a level one are told apart", () => {
  const dark = [0, 0, 0, 255], light = [255, 255, 255, 255];
  const orientations = (picture: Picture) => {
    const sums = new Array<number>(8).fill(0);
    features(picture).slice(...EDGES).forEach((entry, index) => sums[index % 8]! += entry);
    return sums.indexOf(Math.max(...sums));
  };
  assertEquals(orientations(paint(48, 48, (x) => x < 20 ? dark : light)), 0);
  assertEquals(orientations(paint(48, 48, (_, y) => y < 20 ? dark : light)), 4);
  assertEquals(orientations(paint(48, 48, (x, y) => x + y < 48 ? dark : light)), 2);
});

Deno.test("imageFeatures: box-resampling makes whole multiples of a picture alike", () => {
  const pattern = (x: number, y: number) => [5 * x, 5 * y, (7 * (x + y)) % 256, 255];
  const small = features(paint(48, 48, pattern));
  const large = features(paint(144, 96, (x, y) => pattern(Math.floor(x / 3), Math.floor(y / 2))));
  large.forEach((entry, index) => assertAlmostEquals(entry, small[index]!, 1e-6));
});

Deno.test("imageFeatures: transparent pixels are white", () => {
  const clear = features(paint(6, 6, () => [10, 20, 30, 0]));
  assertEquals(clear, features(paint(6, 6, () => [255, 255, 255, 255])));
});

Deno.test("decodePicture reads PNG of every depth and number of channels", () => {
  const cases: [string, Parameters<typeof encodePng>[0], number[]][] = [
    ["rgba", { width: 1, height: 1, channels: 4, data: Uint8Array.of(1, 2, 3, 4) }, [1, 2, 3, 4]],
    ["rgb", { width: 1, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3) }, [1, 2, 3, 255]],
    ["grey", { width: 1, height: 1, channels: 1, data: Uint8Array.of(9) }, [9, 9, 9, 255]],
    ["grey, alpha", { width: 1, height: 1, channels: 2, data: Uint8Array.of(9, 8) }, [9, 9, 9, 8]],
    [
      "16 bits",
      { width: 1, height: 1, channels: 3, depth: 16, data: Uint16Array.of(65535, 257, 0) },
      [255, 1, 0, 255],
    ],
    [
      "1 bit",
      { width: 2, height: 1, channels: 1, depth: 1, data: Uint8Array.of(0b01000000) },
      [0, 0, 0, 255, 255, 255, 255, 255],
    ],
  ];
  for (const [name, png, expected] of cases) {
    assertEquals([...decodePicture(encodePng(png), "a.png").rgba], expected, name);
  }
});

Deno.test("decodePicture reads JPEG", () => {
  const { width, height, rgba } = paint(16, 16, () => [200, 100, 50, 255]);
  const bytes = new Uint8Array(encodeJpeg({ width, height, data: rgba }, 100).data);
  const picture = decodePicture(bytes, "a.jpg");
  assertEquals([picture.width, picture.height], [16, 16]);
  [200, 100, 50, 255].forEach((level, channel) => {
    assert(Math.abs(picture.rgba[channel]! - level) <= 2);
  });
});

Deno.test("decodePicture names a file that is no picture, or a broken one", () => {
  const png = encodePng({ width: 4, height: 4, channels: 3, data: new Uint8Array(48) });
  const corrupt = png.slice();
  corrupt[50]! ^= 0xff;
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(0), "x.bin is neither a PNG nor a JPEG picture."],
    [new TextEncoder().encode("GIF89a"), "x.bin is neither a PNG nor a JPEG picture."],
    [png.slice(0, 40), "x.bin is a broken PNG picture"],
    [corrupt, "x.bin is a broken PNG picture"],
    [Uint8Array.of(0xff, 0xd8, 0xff, 0), "x.bin is a broken JPEG picture"],
  ];
  for (const [bytes, message] of cases) {
    assertThrows(() => decodePicture(bytes, "x.bin"), InputError, message);
  }
});

Deno.test("cutSprite undoes joinSprite, over several rows", () => {
  const thumbnails = Array.from(
    { length: 35 },
    (_, item) => paint(48, 48, (x, y) => [item, x, y, 255]),
  );
  const sheet = joinSprite(thumbnails);
  assertEquals([sheet.width, sheet.height], [1536, 96]);
  assertEquals(cutSprite(sheet, 35, "sprite.png"), thumbnails);
});

Deno.test("cutSprite: a sheet of another size is an input error", () => {
  const cases: [Picture, number][] = [
    [paint(1536, 48, () => [0, 0, 0, 0]), 33],
    [paint(48, 48, () => [0, 0, 0, 0]), 1],
  ];
  for (const [sheet, count] of cases) {
    assertThrows(
      () => cutSprite(sheet, count, "sprite.png"),
      InputError,
      `sprite.png is ${sheet.width} × ${sheet.height} pixels`,
    );
  }
});

function features(picture: Picture): number[] {
  return [...imageFeatures([picture])];
}

function paint(
  width: number,
  height: number,
  pixel: (x: number, y: number) => number[],
): Picture {
  const rgba = new Uint8Array(4 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rgba.set(pixel(x, y), 4 * (y * width + x));
  }
  return { width, height, rgba };
}

function lengthOf(vector: number[], block: number[]): number {
  return Math.hypot(...vector.slice(...block));
}
