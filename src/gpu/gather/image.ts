/**
 * Images: matrices, dense or sparse, as textures, for kernels that gather rows on llvmpipe.
 *
 * Mesa's software driver loads from a buffer one number after the other, each with a check of its own,
 * and from a texture a whole texel at once; copying costs a fraction of what that saves. Elsewhere kernels
 * read buffers: on SwiftShader they are faster, and on hardware images were not measured.
 *
 * @module
 */
import { type GpuDevice, GpuError, TEXEL_BYTES } from "../device.ts";
import type { RowRange } from "../tensor.ts";

/** A texture that kernels read. */
export interface Image extends Disposable {
  /** The texture, owned by this image. */
  readonly texture: GPUTexture;
  /** The view of the texture that kernels bind. */
  readonly view: GPUTextureView;
}

/**
 * A matrix as a texture, one vec4 per texel; each line of the texture holds `rowsPerLine` rows side by
 * side.
 */
export interface MatrixImage extends Image {
  /** Number of rows that fit. */
  readonly rows: number;
  /** Number of columns divided by 4. */
  readonly dim4: number;
  /** Rows of the matrix in one line of the texture, a power of two. */
  readonly rowsPerLine: number;
}

/** The entries of a sparse matrix as a texture, two entries per texel. */
export interface EntryImage extends Image {
  /** Number of pairs of entries that fit. */
  readonly pairs: number;
}

/** Texels (pairs of entries) per line of the texture; a power of two within every adapter's limit. */
export const PAIRS_PER_LINE = 4096;

/** Integers per texel: column and bits of the weight, of two entries. */
const WORDS_PER_TEXEL = TEXEL_BYTES / 4;

/** WebGPU wants each line of a copy to begin at a multiple of this many bytes. */
const LINE_ALIGNMENT = 256;

/** Rows of `dim4` vec4 that fit side by side: a power of two, or 0. */
function rowsPerLine(gpu: GpuDevice, dim4: number): number {
  const rows = 2 ** Math.floor(Math.log2(gpu.device.limits.maxTextureDimension2D / dim4));
  return rows * TEXEL_BYTES >= LINE_ALIGNMENT ? rows : 0;
}

/** Whether an image of rows × 4·dim4 numbers is possible. */
export function fitsImage(gpu: GpuDevice, rows: number, dim4: number): boolean {
  return rows <= rowsPerLine(gpu, dim4) * gpu.device.limits.maxTextureDimension2D;
}

/** Creates an image with room for rows × 4·dim4 numbers, which must fit. */
export function createImage(
  gpu: GpuDevice,
  label: string,
  rows: number,
  dim4: number,
): MatrixImage {
  const perLine = rowsPerLine(gpu, dim4);
  const width = Math.min(Math.max(1, rows), perLine) * dim4;
  const height = Math.max(1, Math.ceil(rows / perLine));
  const texture = gpu.allocateTexture(label, "rgba32float", width, height);
  return { ...imageOf(gpu, texture), rows, dim4, rowsPerLine: perLine };
}

function imageOf(gpu: GpuDevice, texture: GPUTexture): Image {
  return { texture, view: texture.createView(), [Symbol.dispose]: () => gpu.release(texture) };
}

/** Whether so many pairs of entries fit an image. */
export function fitsPairs(gpu: GpuDevice, pairs: number): boolean {
  return pairs <= PAIRS_PER_LINE * gpu.device.limits.maxTextureDimension2D;
}

/** Creates an image with room for so many pairs, which must fit, and writes the first ones. */
export function createEntryImage(
  gpu: GpuDevice,
  label: string,
  entries: Uint32Array<ArrayBuffer>,
  pairs: number = entries.length / WORDS_PER_TEXEL,
): EntryImage {
  const lines = Math.max(1, Math.ceil(pairs / PAIRS_PER_LINE));
  using guard = new DisposableStack();
  const texture = gpu.allocateTexture(label, "rgba32uint", PAIRS_PER_LINE, lines);
  const image = guard.use({ ...imageOf(gpu, texture), pairs });
  writeEntries(gpu, image, entries);
  guard.move();
  return image;
}

/**
 * Overwrites the first entries of an image, after all work submitted so far.
 *
 * @throws {GpuError} when it has no room for them.
 */
export function writeEntries(
  gpu: GpuDevice,
  { texture, pairs }: EntryImage,
  entries: Uint32Array<ArrayBuffer>,
): void {
  const written = entries.length / WORDS_PER_TEXEL;
  if (written > pairs) {
    throw new GpuError(`${written} pairs of entries do not fit an image of ${pairs}.`);
  }
  if (gpu.dry) return;
  const bytesPerRow = PAIRS_PER_LINE * TEXEL_BYTES;
  const lines = Math.floor(written / PAIRS_PER_LINE), rest = written % PAIRS_PER_LINE;
  const whole = entries.subarray(0, WORDS_PER_TEXEL * PAIRS_PER_LINE * lines);
  const { queue } = gpu.device;
  if (lines > 0) queue.writeTexture({ texture }, whole, { bytesPerRow }, [PAIRS_PER_LINE, lines]);
  if (rest > 0) {
    const to = { texture, origin: [0, lines] };
    queue.writeTexture(to, entries.subarray(whole.length), { bytesPerRow }, [rest, 1]);
  }
}

/** Encodes that the first rows of an image become some rows of a buffer. */
export function encodeCopy(
  encoder: GPUCommandEncoder,
  buffer: GPUBuffer,
  { texture, dim4, rowsPerLine }: MatrixImage,
  { firstRow, rowCount }: RowRange,
): void {
  const bytesPerRow = rowsPerLine * dim4 * TEXEL_BYTES;
  const offset = firstRow * dim4 * TEXEL_BYTES;
  const lines = Math.floor(rowCount / rowsPerLine), rest = rowCount % rowsPerLine;
  if (lines > 0) {
    const size = [rowsPerLine * dim4, lines];
    encoder.copyBufferToTexture({ buffer, bytesPerRow, offset }, { texture }, size);
  }
  if (rest > 0) {
    const from = { buffer, bytesPerRow, offset: offset + lines * bytesPerRow };
    encoder.copyBufferToTexture(from, { texture, origin: [0, lines] }, [rest * dim4, 1]);
  }
}
