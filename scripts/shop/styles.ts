/**
 * The looks of the made shop's pictures: a brand's patterns and layouts, a seller's backdrops.
 *
 * @module
 */

/** A colour: red, green and blue, 0..255. */
export type RGB = readonly [red: number, green: number, blue: number];

/** How a brand presents its products in pictures. */
export interface BrandStyle {
  /** Index into {@linkcode PATTERNS}. */
  readonly pattern: number;
  /** Index into {@linkcode LAYOUTS}. */
  readonly layout: number;
  /** Whether pictures have a frame. */
  readonly framed: boolean;
}

/** Which points of a product's body have the second tone; x and y in [-1, 1]. */
export type Pattern = (x: number, y: number) => boolean;

/** Plain, three stripes, checks, dots, two halves and a zigzag. */
export const PATTERNS: readonly Pattern[] = [
  () => false,
  (_, y) => inFirstHalf(y, 0.4),
  (x) => inFirstHalf(x, 0.4),
  (x, y) => inFirstHalf(x + y, 0.5),
  (x, y) => inFirstHalf(x, 0.5) !== inFirstHalf(y, 0.5),
  (x, y) => (phase(x, 0.4) - 0.5) ** 2 + (phase(y, 0.4) - 0.5) ** 2 < 0.09,
  (_, y) => y > 0.1,
  (x, y) => inFirstHalf(y + 0.3 * Math.abs(2 * phase(x, 0.5) - 1), 0.45),
];

/** Where the product stands: its scale, its shift down (in half pictures), its tilt (radians). */
export interface Layout {
  /** Half the product's size in half pictures. */
  readonly scale: number;
  /** Shift down, in half pictures. */
  readonly down: number;
  /** Rotation in radians. */
  readonly tilt: number;
}

/** Usual, close up, from afar, and tilted either way. */
export const LAYOUTS: readonly Layout[] = [
  { scale: 0.8, down: 0, tilt: 0 },
  { scale: 0.97, down: 0, tilt: 0 },
  { scale: 0.62, down: 0.22, tilt: 0 },
  { scale: 0.76, down: 0, tilt: 0.4 },
  { scale: 0.76, down: 0, tilt: -0.4 },
];

/** Upper and lower colour behind the product: white, table, cream, meadow, dark. */
export const BACKDROPS: readonly (readonly [above: RGB, below: RGB])[] = [
  [[255, 255, 255], [255, 255, 255]],
  [[255, 255, 255], [226, 226, 226]],
  [[244, 236, 220], [244, 236, 220]],
  [[214, 230, 240], [196, 208, 186]],
  [[58, 58, 64], [58, 58, 64]],
];

/** Position within a period, 0..1. */
function phase(x: number, period: number): number {
  return x / period - Math.floor(x / period);
}

function inFirstHalf(x: number, period: number): boolean {
  return phase(x, period) < 0.5;
}
