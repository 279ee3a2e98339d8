/**
 * The strongest left singular vectors of a tall matrix that is too large to hold, read in tiles.
 *
 * The eigenvectors of XᵀX are X's right singular vectors v, and X v = σ u gives the left ones. XᵀX is
 * summed over tiles on the GPU in f32, which resolves directions down to a few thousandths of the
 * strongest; weaker ones are found in further rounds, from tiles that the vectors found so far have
 * been taken out of (deflation). Products with the matrix run on the GPU, the small orthonormalisations
 * and eigenproblems of subspace iteration in f64 on the CPU.
 *
 * @module
 */
import type { GpuDevice } from "../gpu/device.ts";
import { PacedQueue } from "../gpu/paced_queue.ts";
import { Scratch } from "../gpu/scratch.ts";
import { createTensor, createTensors, type Tensor, write } from "../gpu/tensor.ts";
import { recordProduct } from "../ops/rows/matrix_product.ts";
import { Tape } from "../tape/tape.ts";
import { orthogonal, topEigenvectors } from "./top_eigenvectors.ts";

/** A matrix that can be read again and again, in row tiles. */
export interface TiledMatrix {
  /** Number of rows. */
  readonly rows: number;
  /** Number of columns. */
  readonly width: number;
  /** Rows [from, to), row-major. */
  readonly read: (from: number, to: number) => Promise<Float32Array<ArrayBuffer>>;
}

/** Left singular vectors, strongest first. */
export interface SingularVectors {
  /** rows × count, row-major, unit columns; columns beyond the rank are zero. */
  readonly vectors: Float32Array<ArrayBuffer>;
  /** Singular values, 0 beyond the rank. */
  readonly values: Float64Array;
  /** Number of columns that are not zero. */
  readonly rank: number;
}

/** Bytes of a tile of the matrix on the GPU. */
const TILE_BYTES = 64 * 2 ** 20;
/** σ² relative to the round's strongest, above which XᵀX in f32 resolves a direction well. */
const RESOLVED = 1e-5;
/** σ relative to the strongest, below which a direction is rounding error of f32 data. */
const NEGLIGIBLE = 1e-5;

/**
 * Finds the `count` strongest left singular vectors. The largest entry of each is positive, so that
 * runs agree across machines.
 *
 * @throws {GpuError} when width² floats exceed what the adapter can bind, or the iteration stalls.
 */
export async function leftSingularVectors(
  gpu: GpuDevice,
  matrix: TiledMatrix,
  count: number,
): Promise<SingularVectors> {
  const paddedWidth = ceil4(matrix.width);
  const fitting = Math.max(1, Math.floor(TILE_BYTES / (paddedWidth * 4)));
  const tileRows = Math.min(matrix.rows, fitting);
  using tile = createTensor(gpu, "feature tile", [tileRows, paddedWidth]);
  using gram = createTensor(gpu, "Gram matrix", [paddedWidth, paddedWidth]);
  const queue = new PacedQueue(gpu, "singular vectors");
  const tiles: Tiles = { gpu, queue, matrix, tile, tileRows, paddedWidth };
  const found: Float64Array[] = [];
  const atMost = Math.min(count, matrix.width, matrix.rows);
  let strongest = 0;
  while (found.length < atMost) {
    await sumGram(tiles, gram, found);
    const { vectors, values } = await topEigenvectors({
      size: matrix.width,
      multiply: (block) => multiply(tiles, gram, block),
    }, atMost - found.length);
    strongest = Math.max(strongest, values[0]!);
    const kept = vectors.filter((_, i) =>
      values[i]! > RESOLVED * values[0]! && values[i]! > NEGLIGIBLE ** 2 * strongest
    );
    if (kept.length === 0) break;
    found.push(...kept.map((vector) => orthogonal(vector, found)));
  }
  return await project(tiles, found, count);
}

interface Tiles {
  readonly gpu: GpuDevice;
  /** Takes all that is computed. */
  readonly queue: PacedQueue;
  readonly matrix: TiledMatrix;
  readonly tile: Tensor;
  readonly tileRows: number;
  readonly paddedWidth: number;
}

function ceil4(size: number): number {
  return Math.ceil(size / 4) * 4;
}

/** Uploads each tile in turn, its rows padded with zero columns, and lets `visit` work on it. */
async function forEachTile(
  { gpu, matrix: { rows, width, read }, tile, tileRows, paddedWidth }: Tiles,
  visit: (from: number, tile: Tensor) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < rows; from += tileRows) {
    const to = Math.min(rows, from + tileRows);
    const data = await read(from, to);
    write(gpu, tile, width === paddedWidth ? data : padRows(data, width, paddedWidth));
    await visit(from, { ...tile, shape: [to - from, paddedWidth] });
  }
  await gpu.finish();
}

/** Copies rows into rows of another width; what has no counterpart is zero. */
export function padRows(
  data: Float32Array<ArrayBuffer>,
  width: number,
  paddedWidth: number,
): Float32Array<ArrayBuffer> {
  const rows = data.length / width;
  const padded = new Float32Array(rows * paddedWidth);
  for (let row = 0; row < rows; row++) {
    padded.set(data.subarray(row * width, (row + 1) * width), row * paddedWidth);
  }
  return padded;
}

/** gram ← Σ XᵀX over tiles X from which the directions found so far are taken out. */
async function sumGram(tiles: Tiles, gram: Tensor, found: readonly Float64Array[]): Promise<void> {
  const { gpu, queue, paddedWidth } = tiles;
  write(gpu, gram, new Float32Array(paddedWidth * paddedWidth));
  using basis = createBasis(gpu, found, paddedWidth);
  // What is projected on these can be added in order to be taken away.
  using negative = createBasis(gpu, found.map((vector) => vector.map((x) => -x)), paddedWidth);
  using scratch = new Scratch(gpu);
  await forEachTile(tiles, async (_, x) => {
    const tape = new Tape(gpu, "Gram matrix", scratch);
    using program = tape.program;
    if (found.length > 0) {
      const projected = tape.take("negative projection", [x.shape[0]!, basis.columns]);
      recordProduct(tape, x, negative.vectors, { transposeB: true }, projected);
      recordProduct(tape, projected, basis.vectors, {}, x, true);
      tape.release(projected);
    }
    recordProduct(tape, x, x, { transposeA: true }, gram, true);
    await queue.add([{ program }]);
    await queue.drain();
  });
}

/** Right singular vectors on the GPU, one per row, padded with zeros to a multiple of 4 both ways. */
interface Basis extends Disposable {
  /** Their number, padded. */
  readonly columns: number;
  readonly vectors: Tensor;
}

function createBasis(gpu: GpuDevice, found: readonly Float64Array[], paddedWidth: number): Basis {
  const columns = Math.max(4, ceil4(found.length));
  const shape = [columns, paddedWidth];
  const rows = new Float32Array(columns * paddedWidth);
  found.forEach((vector, v) => rows.set(vector, v * paddedWidth));
  return { columns, ...createTensors(gpu, { vectors: ["right singular vectors", shape, rows] }) };
}

/** Computes X Vᵀ, rows × the basis' columns. */
async function projectOn(
  { gpu, queue }: Tiles,
  label: string,
  x: Tensor,
  { vectors, columns }: Basis,
): Promise<Float32Array> {
  using scratch = new Scratch(gpu);
  const tape = new Tape(gpu, label, scratch);
  using program = tape.program;
  const projected = tape.take("projection", [x.shape[0]!, columns]);
  recordProduct(tape, x, vectors, { transposeB: true }, projected);
  await queue.add([{ program }]);
  return await queue.read(projected);
}

/** U = X V, each column scaled to length 1 and turned so that its largest entry is positive. */
async function project(
  tiles: Tiles,
  found: readonly Float64Array[],
  count: number,
): Promise<SingularVectors> {
  const { gpu, matrix: { rows }, paddedWidth } = tiles;
  using basis = createBasis(gpu, found, paddedWidth);
  const vectors = new Float32Array(rows * count);
  await forEachTile(tiles, async (from, x) => {
    const data = await projectOn(tiles, "left singular vectors", x, basis);
    for (let row = 0; row < x.shape[0]!; row++) {
      const at = row * basis.columns;
      vectors.set(data.subarray(at, at + found.length), (from + row) * count);
    }
  });
  const values = new Float64Array(count);
  for (let c = 0; c < found.length; c++) values[c] = normaliseColumn(vectors, count, c);
  return { vectors, values, rank: found.length };
}

/** Scales a column to length 1, its largest entry positive; returns the length it had. */
function normaliseColumn(vectors: Float32Array, count: number, column: number): number {
  let squares = 0, largest = 0;
  for (let i = column; i < vectors.length; i += count) {
    squares += vectors[i]! ** 2;
    if (Math.abs(vectors[i]!) > Math.abs(largest)) largest = vectors[i]!;
  }
  const length = Math.sqrt(squares);
  const scale = Math.sign(largest) / length;
  for (let i = column; i < vectors.length; i += count) vectors[i]! *= scale;
  return length;
}

/** The products of a symmetric matrix on the GPU with vectors on the CPU. */
async function multiply(
  tiles: Tiles,
  symmetric: Tensor,
  vectors: readonly Float64Array[],
): Promise<Float64Array[]> {
  const { gpu, matrix: { width }, paddedWidth } = tiles;
  using basis = createBasis(gpu, vectors, paddedWidth);
  const data = await projectOn(tiles, "subspace iteration", symmetric, basis);
  return vectors.map((_, v) =>
    Float64Array.from({ length: width }, (_, c) => data[c * basis.columns + v]!)
  );
}
