/**
 * The strongest right singular vectors of a sparse matrix A: eigenvectors of AᵀA, by subspace iteration.
 *
 * A round multiplies a block of columns, wider than what is wanted, by M = (AᵀA)², and makes it orthonormal again:
 * with Y = M V and YᵀY = Q Λ Qᵀ, the next V is Y Q Λ^−½, its columns by their strength. All that is as long as the
 * matrix is computed on the GPU, and the eigenproblem of the block's width in f64 on the CPU.
 *
 * @module
 */
import { type GpuDevice, GpuError } from "../gpu/device.ts";
import { PacedQueue } from "../gpu/paced_queue.ts";
import type { Program } from "../gpu/program.ts";
import { Scratch } from "../gpu/scratch.ts";
import { createTensors, write } from "../gpu/tensor.ts";
import { uploadSparse } from "../ops/graphs/packed_matrix.ts";
import { recordSparseProduct } from "../ops/graphs/sparse_product.ts";
import { recordProduct } from "../ops/rows/matrix_product.ts";
import { paddedWidth, rearrange } from "../ops/rows/rearrange.ts";
import { createRandom, normal } from "../random.ts";
import { type SparseMatrix, transpose } from "../sparse/csr.ts";
import { Tape } from "../tape/tape.ts";
import { symmetricEigenvectors } from "./symmetric_eigenvectors.ts";

/** Right singular vectors, strongest first. */
export interface RightSingularVectors {
  /** columns of A × count, row-major, unit columns; columns beyond the rank are zero. */
  readonly vectors: Float32Array<ArrayBuffer>;
  /** Singular values, 0 beyond the rank. */
  readonly values: Float64Array<ArrayBuffer>;
}

/** Rounds after which it is given up. */
const MOST_ROUNDS = 200;
/** Change of the wanted eigenvalues of M in a round, relative to each, at which the vectors are good enough. */
const TOLERANCE = 1e-5;
/** Part of the largest eigenvalue of YᵀY, in f64, below which a column is rounding error. */
const NEGLIGIBLE = 1e-13;
/** Powers of singular values that the eigenvalues of YᵀY are. */
const POWER = 8;

/**
 * Finds the `count` strongest.
 *
 * @throws {GpuError} when it exceeds what the adapter can hold, or does not converge.
 */
export async function rightSingularVectors(
  gpu: GpuDevice,
  label: string,
  matrix: SparseMatrix,
  count: number,
): Promise<RightSingularVectors> {
  const { rowCount, columnCount } = matrix;
  const wanted = Math.min(count, columnCount);
  const width = paddedWidth(Math.min(columnCount, Math.max(2 * wanted, wanted + 32)));
  using resources = new DisposableStack();
  const scratch = resources.use(new Scratch(gpu));
  const a = resources.use(uploadSparse(gpu, label, matrix));
  const at = resources.use(uploadSparse(gpu, `${label}, transposed`, transpose(matrix)));
  const { v, y, z, gram, turn } = resources.use(createTensors(gpu, {
    v: [`${label}: block`, [columnCount, width], randomBlock(columnCount, width)],
    y: [`${label}: other block`, [columnCount, width]],
    z: [`${label}: product`, [rowCount, width]],
    gram: [`${label}: Gram matrix`, [width, width]],
    turn: [`${label}: turn`, [width, width]],
  }));
  const record = (name: string, work: (tape: Tape) => void): Program => {
    const tape = new Tape(gpu, `${label}: ${name}`, scratch);
    work(tape);
    return resources.use(tape.program);
  };
  const multiply = record("powers", (tape) => {
    for (const [from, to] of [[v, y], [y, v]] as const) {
      recordSparseProduct(tape, a, from, z);
      recordSparseProduct(tape, at, z, to);
    }
    recordProduct(tape, v, v, { transposeA: true }, gram);
  });
  const makeOrthonormal = record("orthonormal again", (tape) => {
    recordProduct(tape, v, turn, {}, y);
    rearrange(tape, y, v, width);
  });
  const queue = new PacedQueue(gpu, label);
  let before: Float64Array | undefined;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    await queue.add([{ program: multiply }]);
    const { factors, eigenvalues } = orthonormalising(await queue.read(gram), width);
    write(gpu, turn, factors);
    await queue.add([{ program: makeOrthonormal }]);
    // The first block is no orthonormal one, and its eigenvalues say nothing.
    const now = round === 0 ? undefined : eigenvalues.slice(0, wanted).map(Math.sqrt);
    if (now && (width >= columnCount || before && settled(before, now))) {
      const vectors = firstColumns(await queue.read(v), width, wanted, count);
      const values = new Float64Array(count);
      values.set(now.map((value) => value ** (2 / POWER)));
      return { vectors, values };
    }
    before = now;
  }
  throw new GpuError(
    `The singular vectors of "${label}" did not converge in ${MOST_ROUNDS} rounds.`,
  );
}

function randomBlock(rows: number, width: number): Float32Array<ArrayBuffer> {
  const random = createRandom(rows, width);
  return Float32Array.from({ length: rows * width }, () => normal(random));
}

/** Q Λ^−½ of a Gram matrix, its columns by falling eigenvalue, and Λ; both zero where that is negligible. */
function orthonormalising(
  gram: Float32Array<ArrayBuffer>,
  width: number,
): { readonly factors: Float32Array<ArrayBuffer>; readonly eigenvalues: Float64Array } {
  const { vectors, values } = symmetricEigenvectors(gram, width);
  const order = Array.from(values.keys()).sort((i, j) => values[j]! - values[i]!);
  const least = NEGLIGIBLE * values[order[0]!]!;
  const eigenvalues = Float64Array.from(order, (i) => values[i]! > least ? values[i]! : 0);
  const factors = new Float32Array(width * width);
  order.forEach((i, c) => {
    if (eigenvalues[c] === 0) return;
    const scale = 1 / Math.sqrt(eigenvalues[c]!);
    for (let r = 0; r < width; r++) factors[r * width + c] = scale * vectors[r * width + i]!;
  });
  return { factors, eigenvalues };
}

function settled(before: Float64Array, now: Float64Array): boolean {
  return now.every((value, i) => Math.abs(value - before[i]!) <= TOLERANCE * value);
}

/** The first columns of a block, in rows of `count`. */
function firstColumns(
  block: Float32Array<ArrayBuffer>,
  width: number,
  wanted: number,
  count: number,
): Float32Array<ArrayBuffer> {
  const rows = block.length / width, columns = new Float32Array(rows * count);
  for (let row = 0; row < rows; row++) {
    columns.set(block.subarray(row * width, row * width + wanted), row * count);
  }
  return columns;
}
