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
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { type Gpu, GpuError } from "../gpu/device.ts";
import { getKernel, LOOP_ROUNDS } from "../gpu/kernel.ts";
import { Program } from "../gpu/program.ts";
import { createTensor, readFloats, type Tensor, write } from "../gpu/tensor.ts";
import gramCode from "../../kernels/gram.wgsl" with { type: "text" };
import productCode from "../../kernels/product.wgsl" with { type: "text" };
import { createRandom, uniformReal } from "../random.ts";

/** A matrix that can be read again and again, in row tiles. */
export interface TiledMatrix {
  /** Rows. */
  readonly rows: number;
  /** Columns. */
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
  /** Columns that are not zero. */
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
  gpu: Gpu,
  matrix: TiledMatrix,
  count: number,
): Promise<SingularVectors> {
  const paddedWidth = ceil4(matrix.width);
  const fitting = Math.max(1, Math.floor(TILE_BYTES / (paddedWidth * 4)));
  const tileRows = Math.min(matrix.rows, fitting, LOOP_ROUNDS - 8);
  using tile = createTensor(gpu, "feature tile", [tileRows, paddedWidth]);
  using gram = createTensor(gpu, "Gram matrix", [paddedWidth, paddedWidth]);
  const tiles: Tiles = { gpu, matrix, tile, tileRows, paddedWidth };
  const found: Float64Array[] = [];
  const atMost = Math.min(count, matrix.width, matrix.rows);
  let strongest = 0;
  while (found.length < atMost) {
    await sumGram(tiles, gram, found);
    const { vectors, values } = await topEigenvectors(
      gpu,
      gram,
      matrix.width,
      atMost - found.length,
    );
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
  readonly gpu: Gpu;
  readonly matrix: TiledMatrix;
  readonly tile: Tensor;
  readonly tileRows: number;
  readonly paddedWidth: number;
}

function ceil4(size: number): number {
  return Math.ceil(size / 4) * 4;
}

/** Uploads each tile in turn, its rows padded with zero columns, and lets `visit` submit work on it. */
async function forEachTile(
  { gpu, matrix: { rows, width, read }, tile, tileRows, paddedWidth }: Tiles,
  visit: (from: number, rows: number) => Promise<void> | void,
): Promise<void> {
  for (let from = 0; from < rows; from += tileRows) {
    const to = Math.min(rows, from + tileRows);
    const data = await read(from, to);
    write(gpu, tile, width === paddedWidth ? data : padRows(data, width, paddedWidth));
    await visit(from, to - from);
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
  const { gpu, tile, tileRows, paddedWidth } = tiles;
  write(gpu, gram, new Float32Array(paddedWidth * paddedWidth));
  using basis = createBasis(gpu, found, paddedWidth);
  using projected = createTensor(gpu, "projected tile", [tileRows, basis.columns]);
  const kernel = getKernel(gpu, { name: "gram", code: gramCode });
  const width4 = paddedWidth / 4;
  await forEachTile(tiles, async (_, rows) => {
    using program = new Program(gpu, "Gram matrix");
    if (found.length > 0) {
      recordProduct(program, tile, basis.vectors, projected, { rows, keep: 0, gain: 1 });
      recordProduct(program, projected, basis.transposed, tile, { rows, keep: 1, gain: -1 });
    }
    program.dispatch(kernel, { x: tile, total: gram }, { rows, width4 }, {
      invocations: width4 * width4,
    });
    program.run();
    await gpu.finish();
  });
}

/** Right singular vectors on the GPU, as columns and as rows, padded with zeros to a multiple of 4. */
interface Basis extends Disposable {
  readonly columns: number;
  readonly vectors: Tensor;
  readonly transposed: Tensor;
}

function createBasis(gpu: Gpu, found: readonly Float64Array[], paddedWidth: number): Basis {
  const columns = Math.max(4, ceil4(found.length));
  const rows = new Float32Array(columns * paddedWidth);
  const transposedRows = new Float32Array(paddedWidth * columns);
  found.forEach((vector, v) =>
    vector.forEach((value, c) => {
      rows[v * paddedWidth + c] = value;
      transposedRows[c * columns + v] = value;
    })
  );
  const transposed = createTensor(gpu, "right singular rows", [columns, paddedWidth], rows);
  const vectors = createTensor(
    gpu,
    "right singular vectors",
    [paddedWidth, columns],
    transposedRows,
  );
  return {
    columns,
    vectors,
    transposed,
    [Symbol.dispose]: () => {
      vectors[Symbol.dispose]();
      transposed[Symbol.dispose]();
    },
  };
}

/** y ← keep · y + gain · a b over the first rows of a and y. */
function recordProduct(
  program: Program,
  a: Tensor,
  b: Tensor,
  y: Tensor,
  { rows, keep, gain }: { rows: number; keep: number; gain: number },
): void {
  const columns4 = b.shape[1]! / 4;
  program.dispatch(
    getKernel(program.gpu, { name: "product", code: productCode }),
    { a, b, y },
    { rows, inner: a.shape[1]!, columns4, keep, gain },
    { invocations: rows * columns4 },
  );
}

/** U = X V, each column scaled to length 1 and turned so that its largest entry is positive. */
async function project(
  tiles: Tiles,
  found: readonly Float64Array[],
  count: number,
): Promise<SingularVectors> {
  const { gpu, matrix: { rows }, tile, tileRows, paddedWidth } = tiles;
  using basis = createBasis(gpu, found, paddedWidth);
  using projected = createTensor(gpu, "projected tile", [tileRows, basis.columns]);
  const vectors = new Float32Array(rows * count);
  await forEachTile(tiles, async (from, tileRowCount) => {
    using program = new Program(gpu, "projection");
    const scale = { rows: tileRowCount, keep: 0, gain: 1 };
    recordProduct(program, tile, basis.vectors, projected, scale);
    program.run();
    const [data] = await readFloats(gpu, projected);
    for (let row = 0; row < tileRowCount; row++) {
      const at = row * basis.columns;
      vectors.set(data!.subarray(at, at + found.length), (from + row) * count);
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

/**
 * The strongest eigenvectors of a positive semi-definite matrix on the GPU, by subspace iteration with
 * a Rayleigh–Ritz step in every round. The block is at least twice as wide as asked for: the wider,
 * the faster the wanted vectors converge; where it spans the whole space one round is exact.
 */
async function topEigenvectors(
  gpu: Gpu,
  matrix: Tensor,
  width: number,
  wanted: number,
): Promise<{ vectors: Float64Array[]; values: number[] }> {
  const block = Math.min(width, Math.max(2 * wanted, wanted + 32));
  const random = createRandom(block, width);
  let vectors: Float64Array[] = Array.from({ length: block }, (_, i) =>
    Float64Array.from(
      { length: width },
      (_, c) => block === width ? Number(i === c) : uniformReal(random) - 0.5,
    ));
  orthonormalise(vectors, random);
  let best = Infinity;
  for (let round = 0, stalled = 0; round < 1000; round++) {
    const images = await multiply(gpu, matrix, vectors, width);
    const ritz = new EigenvalueDecomposition(
      new Matrix(vectors.map((v) => images.map((image) => dot(v, image)))),
      { assumeSymmetric: true },
    );
    const order = ritz.realEigenvalues.map((_, i) => i)
      .sort((i, j) => ritz.realEigenvalues[j]! - ritz.realEigenvalues[i]!);
    const values = order.map((i) => Math.max(0, ritz.realEigenvalues[i]!));
    const rotation = order.map((i) => ritz.eigenvectorMatrix.getColumn(i));
    const turned = rotation.map((weights) => combine(vectors, weights));
    if (block === width) {
      return { vectors: turned.slice(0, wanted), values: values.slice(0, wanted) };
    }
    const turnedImages = rotation.map((weights) => combine(images, weights));
    const residual = Math.max(
      ...turned.slice(0, wanted).map((v, i) =>
        Math.sqrt(v.reduce((sum, x, c) => sum + (turnedImages[i]![c]! - values[i]! * x) ** 2, 0))
      ),
    ) / (values[0]! || 1);
    // Converged is where rounding of the f32 products lets it get no better.
    stalled = residual < 0.9 * best ? 0 : stalled + 1;
    best = Math.min(best, residual);
    if (residual < 1e-7 || (stalled >= 8 && residual < 1e-4)) {
      return { vectors: turned.slice(0, wanted), values: values.slice(0, wanted) };
    }
    vectors = turnedImages;
    orthonormalise(vectors, random);
  }
  throw new GpuError(`Whitening did not converge: the residual stays at ${best.toExponential(1)}.`);
}

/** The products of a symmetric matrix on the GPU with vectors on the CPU. */
async function multiply(
  gpu: Gpu,
  matrix: Tensor,
  vectors: readonly Float64Array[],
  width: number,
): Promise<Float64Array[]> {
  const paddedWidth = matrix.shape[0]!;
  using basis = createBasis(gpu, vectors, paddedWidth);
  using image = createTensor(gpu, "images", [paddedWidth, basis.columns]);
  using program = new Program(gpu, "subspace iteration");
  recordProduct(program, matrix, basis.vectors, image, { rows: paddedWidth, keep: 0, gain: 1 });
  program.run();
  const [data] = await readFloats(gpu, image);
  return vectors.map((_, v) =>
    Float64Array.from({ length: width }, (_, c) => data![c * basis.columns + v]!)
  );
}

/** Gram–Schmidt, each vector twice, in place; one that vanishes is replaced by a random one. */
function orthonormalise(vectors: Float64Array[], random: () => number): void {
  vectors.forEach((vector, i) => {
    const earlier = vectors.slice(0, i);
    let result = orthogonal(vector, earlier);
    while (result.length > 0 && !Number.isFinite(result[0]!)) {
      result = orthogonal(vector.map(() => uniformReal(random) - 0.5), earlier);
    }
    vectors[i] = result;
  });
}

/** The unit vector of what `vector` adds to an orthonormal system; NaN where it adds nothing. */
function orthogonal(vector: Float64Array, system: readonly Float64Array[]): Float64Array {
  let rest = vector;
  const length = Math.sqrt(dot(vector, vector));
  for (const _ of ["once", "twice is enough"]) {
    rest = rest.slice();
    for (const other of system) {
      const share = dot(rest, other);
      for (let c = 0; c < rest.length; c++) rest[c]! -= share * other[c]!;
    }
  }
  const left = Math.sqrt(dot(rest, rest));
  return rest.map((x) => left > 1e-12 * length ? x / left : NaN);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let c = 0; c < a.length; c++) sum += a[c]! * b[c]!;
  return sum;
}

function combine(vectors: readonly Float64Array[], weights: readonly number[]): Float64Array {
  const sum = new Float64Array(vectors[0]!.length);
  vectors.forEach((vector, i) => {
    const weight = weights[i]!;
    for (let c = 0; c < sum.length; c++) sum[c]! += weight * vector[c]!;
  });
  return sum;
}
