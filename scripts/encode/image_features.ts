/**
 * What a picture looks like, as numbers: colours, edges and layout, without a trained network.
 *
 * Every picture is laid over white and box-resampled to 48 × 48 pixels. Its vector is three blocks,
 * each scaled to length 1 (a picture without edges has zeros there):
 *
 * | Block | Width | Holds |
 * | --- | --- | --- |
 * | colour | 40 | square roots of soft HSV histograms: 12 hues × 3 values, each pixel counted by its saturation; 4 greys, counted by what saturation lacks |
 * | edges | 128 | 8 unsigned edge orientations in each cell of a 4 × 4 grid, counted by gradient (after Dalal and Triggs 2005) |
 * | layout | 108 | mean red, green and blue of each cell of a 6 × 6 grid |
 *
 * @module
 */

import { type Picture, THUMBNAIL_SIZE as SIZE } from "./picture.ts";

const HUES = 12;
const VALUES = 3;
const GREYS = 4;
const EDGE_GRID = 4;
const ORIENTATIONS = 8;
const LAYOUT_GRID = 6;

/** Blocks shorter than this hold rounding errors alone; half a grey level is far longer. */
const NOTHING = 1e-9;

const COLOUR_WIDTH = HUES * VALUES + GREYS;
const EDGE_WIDTH = EDGE_GRID ** 2 * ORIENTATIONS;
const LAYOUT_WIDTH = LAYOUT_GRID ** 2 * 3;

/** Numbers per picture: colour, edges, layout. */
export const IMAGE_FEATURE_WIDTH: number = COLOUR_WIDTH + EDGE_WIDTH + LAYOUT_WIDTH;

/** One row of {@linkcode IMAGE_FEATURE_WIDTH} features per picture, row-major. */
export function imageFeatures(pictures: Iterable<Picture>): Float32Array<ArrayBuffer> {
  const rows: number[] = [];
  for (const picture of pictures) {
    const rgb = resample(picture);
    for (const block of [colours(rgb), edges(rgb), layout(rgb)]) rows.push(...unitLength(block));
  }
  return Float32Array.from(rows);
}

/** Red, green and blue in 0..1 of SIZE × SIZE pixels: the mean of what each one covers. */
function resample({ width, height, rgba }: Picture): Float64Array {
  const result = new Float64Array(3 * SIZE * SIZE);
  for (let row = 0; row < SIZE; row++) {
    const down = coverage(row, height);
    for (let column = 0; column < SIZE; column++) {
      const right = coverage(column, width);
      const target = 3 * (row * SIZE + column);
      for (const [y, yShare] of down) {
        for (const [x, xShare] of right) {
          const from = 4 * (y * width + x);
          const alpha = rgba[from + 3]! / 255;
          for (let channel = 0; channel < 3; channel++) {
            const overWhite = alpha * rgba[from + channel]! / 255 + 1 - alpha;
            result[target + channel]! += yShare * xShare * overWhite;
          }
        }
      }
    }
  }
  return result;
}

/** The source pixels under target pixel `at` along one axis, with their shares, which sum to 1. */
function coverage(at: number, sourceSize: number): [index: number, share: number][] {
  const from = at * sourceSize / SIZE;
  const to = (at + 1) * sourceSize / SIZE;
  const shares: [number, number][] = [];
  for (let index = Math.floor(from); index < to; index++) {
    shares.push([index, (Math.min(index + 1, to) - Math.max(index, from)) / (to - from)]);
  }
  return shares;
}

function colours(rgb: Float64Array): number[] {
  const histogram = new Array<number>(COLOUR_WIDTH).fill(0);
  for (let from = 0; from < rgb.length; from += 3) {
    const { hue, saturation, value } = toHsv(rgb[from]!, rgb[from + 1]!, rgb[from + 2]!);
    for (const [hueBin, hueShare] of circularBins(hue, HUES)) {
      for (const [valueBin, valueShare] of bins(value, VALUES)) {
        histogram[hueBin * VALUES + valueBin]! += saturation * hueShare * valueShare;
      }
    }
    for (const [greyBin, share] of bins(value, GREYS)) {
      histogram[HUES * VALUES + greyBin]! += (1 - saturation) * share;
    }
  }
  // A plain backdrop would drown the product; square roots keep it in proportion.
  return histogram.map(Math.sqrt);
}

/** Hue as a share of the circle, saturation and value, all in 0..1. */
function toHsv(
  red: number,
  green: number,
  blue: number,
): { hue: number; saturation: number; value: number } {
  const value = Math.max(red, green, blue);
  const chroma = value - Math.min(red, green, blue);
  if (chroma === 0) return { hue: 0, saturation: 0, value };
  let sector: number;
  if (value === red) sector = (green - blue) / chroma;
  else if (value === green) sector = 2 + (blue - red) / chroma;
  else sector = 4 + (red - green) / chroma;
  return { hue: (sector / 6 + 1) % 1, saturation: chroma / value, value };
}

function edges(rgb: Float64Array): number[] {
  const histogram = new Array<number>(EDGE_WIDTH).fill(0);
  const cellSize = SIZE / EDGE_GRID;
  for (let row = 0; row < SIZE; row++) {
    for (let column = 0; column < SIZE; column++) {
      const across = luminance(rgb, row, column + 1) - luminance(rgb, row, column - 1);
      const down = luminance(rgb, row + 1, column) - luminance(rgb, row - 1, column);
      const gradient = Math.sqrt(across ** 2 + down ** 2);
      const cell = Math.floor(row / cellSize) * EDGE_GRID + Math.floor(column / cellSize);
      const halfTurns = (Math.atan2(down, across) / Math.PI + 1) % 1;
      for (const [orientation, share] of circularBins(halfTurns, ORIENTATIONS)) {
        histogram[cell * ORIENTATIONS + orientation]! += gradient * share;
      }
    }
  }
  return histogram;
}

/** Brightness (Rec. 601); beyond the border it is that of the border. */
function luminance(rgb: Float64Array, row: number, column: number): number {
  const inside = (at: number) => Math.max(0, Math.min(SIZE - 1, at));
  const from = 3 * (inside(row) * SIZE + inside(column));
  return 0.299 * rgb[from]! + 0.587 * rgb[from + 1]! + 0.114 * rgb[from + 2]!;
}

function layout(rgb: Float64Array): number[] {
  const means = new Array<number>(LAYOUT_WIDTH).fill(0);
  const cellSize = SIZE / LAYOUT_GRID;
  rgb.forEach((level, index) => {
    const pixel = Math.floor(index / 3);
    const row = Math.floor(pixel / SIZE / cellSize);
    const column = Math.floor(pixel % SIZE / cellSize);
    means[3 * (row * LAYOUT_GRID + column) + index % 3]! += level / cellSize ** 2;
  });
  return means;
}

/** The two bins nearest to a position in 0..1, with shares that sum to 1. */
function bins(position: number, count: number): [bin: number, share: number][] {
  const scaled = position * (count - 1);
  const low = Math.min(count - 2, Math.floor(scaled));
  return [[low, low + 1 - scaled], [low + 1, scaled - low]];
}

/** Likewise where the ends meet. */
function circularBins(position: number, count: number): [bin: number, share: number][] {
  const scaled = position * count;
  const low = Math.floor(scaled);
  return [[low % count, low + 1 - scaled], [(low + 1) % count, scaled - low]];
}

function unitLength(block: number[]): number[] {
  const norm = Math.sqrt(block.reduce((sum, entry) => sum + entry ** 2, 0));
  return block.map((entry) => norm < NOTHING ? 0 : entry / norm);
}
