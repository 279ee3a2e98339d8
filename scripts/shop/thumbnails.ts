/**
 * The pictures of the made shop: one thumbnail per product, its shape from the category, its pattern,
 * layout and frame from the brand, its colour and backdrop its own.
 *
 * @module
 */

import { type Picture, THUMBNAIL_SIZE } from "../encode/picture.ts";
import type { Product } from "./catalogue.ts";
import { createDraws } from "./draws.ts";
import { type Part, SILHOUETTES } from "./silhouettes.ts";
import { BACKDROPS, type BrandStyle, LAYOUTS, PATTERNS, type RGB } from "./styles.ts";
import { CATEGORIES, COLOURS } from "./vocabulary.ts";

const FRAME: RGB = [120, 96, 64];
const FRAME_WIDTH = 2;
/** Points per pixel and axis: their mean softens the edges. */
const SAMPLES = 2;

/** The thumbnail of one product. */
export function drawThumbnail(product: Product, style: BrandStyle): Picture {
  const colourAt = scene(product, style);
  const rgba = new Uint8Array(4 * THUMBNAIL_SIZE ** 2);
  for (let row = 0; row < THUMBNAIL_SIZE; row++) {
    for (let column = 0; column < THUMBNAIL_SIZE; column++) {
      const pixel = style.framed && inFrame(row, column)
        ? FRAME
        : meanColour(colourAt, row, column);
      rgba.set([...pixel, 255], 4 * (row * THUMBNAIL_SIZE + column));
    }
  }
  return { width: THUMBNAIL_SIZE, height: THUMBNAIL_SIZE, rgba };
}

function inFrame(row: number, column: number): boolean {
  const last = THUMBNAIL_SIZE - 1;
  return Math.min(row, column, last - row, last - column) < FRAME_WIDTH;
}

/** The colour of each point of the picture; x and y in [-1, 1]. */
function scene(product: Product, style: BrandStyle): (x: number, y: number) => RGB {
  const draws = createDraws(product.pictureSeed, "picture");
  const silhouette = SILHOUETTES[CATEGORIES[product.category]!.name]!;
  const pattern = PATTERNS[style.pattern]!;
  const { scale, down, tilt } = LAYOUTS[style.layout]!;
  const [above, below] = BACKDROPS[product.backdrop]!;
  // No two photographs are alike: size, place and light differ a little.
  const size = scale * (1 + 0.12 * (draws.uniform() - 0.5));
  const shift = 0.1 * (draws.uniform() - 0.5);
  const cosine = Math.cos(tilt) / size;
  const sine = Math.sin(tilt) / size;

  const [hue, saturation, value] = COLOURS[product.colour]!.hsv;
  const nearHue = hue + 10 * (draws.uniform() - 0.5);
  const nearValue = value * (0.92 + 0.16 * draws.uniform());
  const body = hsvToRgb(nearHue, saturation, nearValue);
  const secondTone = hsvToRgb(nearHue, 0.45 * saturation, 0.45 + 0.55 * nearValue);
  const trim = hsvToRgb(nearHue, saturation, 0.55 * nearValue);
  const paint: Record<Part, (x: number, y: number, pictureY: number) => RGB> = {
    background: (_x, _y, pictureY) => pictureY < 0.45 ? above : below,
    body: (x, y) => pattern(x, y) ? secondTone : body,
    trim: () => trim,
  };
  return (pictureX, pictureY) => {
    const x = cosine * (pictureX - shift) + sine * (pictureY - down);
    const y = cosine * (pictureY - down) - sine * (pictureX - shift);
    return paint[silhouette(x, y)](x, y, pictureY);
  };
}

function meanColour(colourAt: (x: number, y: number) => RGB, row: number, column: number): RGB {
  const sum = [0, 0, 0];
  for (let sample = 0; sample < SAMPLES ** 2; sample++) {
    const right = column + (sample % SAMPLES + 0.5) / SAMPLES;
    const down = row + (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES;
    const colour = colourAt(2 * right / THUMBNAIL_SIZE - 1, 2 * down / THUMBNAIL_SIZE - 1);
    colour.forEach((channel, index) => sum[index]! += channel);
  }
  const [red, green, blue] = sum.map((channel) => Math.round(channel / SAMPLES ** 2));
  return [red!, green!, blue!];
}

/** RGB (0..255) of a hue in degrees, a saturation and a value in 0..1. */
function hsvToRgb(hue: number, saturation: number, value: number): RGB {
  const channel = (offset: number) => {
    const sector = (((hue / 60 + offset) % 6) + 6) % 6;
    const shade = Math.max(0, Math.min(1, sector, 4 - sector));
    return Math.round(255 * Math.min(1, value) * (1 - saturation * shade));
  };
  return [channel(5), channel(3), channel(1)];
}
