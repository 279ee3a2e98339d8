/**
 * Pictures: decoding PNG and JPEG, and cutting sprite sheets.
 *
 * @module
 */

import { convertIndexedToRgb, decode as decodePng, hasPngSignature } from "fast-png";
import { decode as decodeJpeg } from "jpeg-js";
import { InputError } from "../../src/input_error.ts";

/** Width and height of a thumbnail in pixels. */
export const THUMBNAIL_SIZE = 48;
/** Thumbnails per row of a sprite sheet. */
const SPRITE_COLUMNS = 32;

/** A picture: 8 bits per channel, red, green, blue, alpha, row by row from the top left. */
export interface Picture {
  /** Pixels per row. */
  readonly width: number;
  /** Number of rows. */
  readonly height: number;
  /** 4 × width × height bytes. */
  readonly rgba: Uint8Array<ArrayBuffer>;
}

/**
 * Decodes a PNG or JPEG file.
 *
 * @param source The file's name, for messages.
 * @throws {InputError} Neither a PNG nor a JPEG file, or a broken one.
 */
export function decodePicture(bytes: Uint8Array, source: string): Picture {
  const isPng = hasPngSignature(bytes.subarray(0, 8));
  const isJpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
  if (!isPng && !isJpeg) throw new InputError(`${source} is neither a PNG nor a JPEG picture.`);
  try {
    if (isPng) return fromPng(bytes);
    const { width, height, data } = decodeJpeg(bytes, { useTArray: true });
    return { width, height, rgba: new Uint8Array(data) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError(`${source} is a broken ${isPng ? "PNG" : "JPEG"} picture: ${reason}.`, {
      cause: error,
    });
  }
}

function fromPng(bytes: Uint8Array): Picture {
  const png = decodePng(bytes, { checkCrc: true });
  const { width, height, depth } = png;
  let { data, channels, palette } = png;
  // Fewer than 8 bits are packed; grey ones unpack as a palette of greys.
  if (depth < 8) palette ??= greys(2 ** depth);
  if (palette) {
    data = convertIndexedToRgb({ ...png, palette });
    channels = palette[0]!.length;
  }
  const to8Bits = depth === 16 ? 1 / 257 : 1;
  const hasAlpha = channels % 2 === 0;
  const colours = hasAlpha ? channels - 1 : channels;
  const rgba = new Uint8Array(4 * width * height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      const from = channels * pixel + Math.min(channel, colours - 1);
      rgba[4 * pixel + channel] = Math.round(data[from]! * to8Bits);
    }
    rgba[4 * pixel + 3] = hasAlpha ? Math.round(data[channels * pixel + colours]! * to8Bits) : 255;
  }
  return { width, height, rgba };
}

function greys(levels: number): number[][] {
  return Array.from({ length: levels }, (_, level) => {
    const grey = Math.round(255 * level / (levels - 1));
    return [grey, grey, grey];
  });
}

/**
 * Cuts the first `count` thumbnails out of a sprite sheet: {@linkcode SPRITE_COLUMNS} a row, each
 * {@linkcode THUMBNAIL_SIZE} pixels square, in order of item id.
 *
 * @throws {InputError} The sheet is not as wide as a row, or too low for `count` thumbnails.
 */
export function cutSprite(sheet: Picture, count: number, source: string): Picture[] {
  const width = SPRITE_COLUMNS * THUMBNAIL_SIZE;
  const height = Math.ceil(count / SPRITE_COLUMNS) * THUMBNAIL_SIZE;
  if (sheet.width !== width || sheet.height < height) {
    throw new InputError(
      `${source} is ${sheet.width} × ${sheet.height} pixels, but a sprite sheet of ${count} ` +
        `thumbnails is ${width} × ${height}.`,
    );
  }
  return Array.from({ length: count }, (_, item) => {
    const left = (item % SPRITE_COLUMNS) * THUMBNAIL_SIZE;
    const top = Math.floor(item / SPRITE_COLUMNS) * THUMBNAIL_SIZE;
    const rgba = new Uint8Array(4 * THUMBNAIL_SIZE ** 2);
    for (let row = 0; row < THUMBNAIL_SIZE; row++) {
      const from = 4 * ((top + row) * width + left);
      rgba.set(sheet.rgba.subarray(from, from + 4 * THUMBNAIL_SIZE), 4 * THUMBNAIL_SIZE * row);
    }
    return { width: THUMBNAIL_SIZE, height: THUMBNAIL_SIZE, rgba };
  });
}

/** Puts thumbnails onto a sprite sheet: the inverse of {@linkcode cutSprite}. */
export function joinSprite(thumbnails: readonly Picture[]): Picture {
  const width = SPRITE_COLUMNS * THUMBNAIL_SIZE;
  const height = Math.ceil(thumbnails.length / SPRITE_COLUMNS) * THUMBNAIL_SIZE;
  const rgba = new Uint8Array(4 * width * height);
  thumbnails.forEach((thumbnail, item) => {
    const left = (item % SPRITE_COLUMNS) * THUMBNAIL_SIZE;
    const top = Math.floor(item / SPRITE_COLUMNS) * THUMBNAIL_SIZE;
    for (let row = 0; row < THUMBNAIL_SIZE; row++) {
      const from = 4 * THUMBNAIL_SIZE * row;
      const line = thumbnail.rgba.subarray(from, from + 4 * THUMBNAIL_SIZE);
      rgba.set(line, 4 * ((top + row) * width + left));
    }
  });
  return { width, height, rgba };
}
