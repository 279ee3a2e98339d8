/**
 * The strongest eigenvectors of a symmetric matrix that is known by its products: large products run
 * where the caller wants them, on the GPU; the small problems in between in f64 on the CPU.
 *
 * @module
 */
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { GpuError } from "../gpu/device.ts";
import { createRandom, uniformReal } from "../random.ts";

/** A positive semi-definite matrix. */
export interface SymmetricOperator {
  /** Number of rows, and of columns. */
  readonly size: number;
  /** Multiplies vectors by the matrix. */
  readonly multiply: (vectors: readonly Float64Array[]) => Promise<Float64Array[]>;
}

/** Eigenvectors, strongest first. */
export interface Eigenvectors {
  /** Orthonormal vectors. */
  readonly vectors: Float64Array[];
  /** Their eigenvalues, 0 or more. */
  readonly values: number[];
}

/**
 * The strongest eigenvectors of a positive semi-definite matrix, by subspace iteration with
 * a Rayleigh–Ritz step in every round. The block is at least twice as wide as asked for: the wider,
 * the faster the wanted vectors converge; where it spans the whole space one round is exact.
 *
 * @param tolerance Length of Av − λv, relative to the largest λ, at which v is good enough.
 * @throws {GpuError} when it does not converge.
 */
export async function topEigenvectors(
  { size: width, multiply }: SymmetricOperator,
  wanted: number,
  tolerance = 1e-7,
): Promise<Eigenvectors> {
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
    const images = await multiply(vectors);
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
    if (residual < tolerance || (stalled >= 8 && residual < 1e-4)) {
      return { vectors: turned.slice(0, wanted), values: values.slice(0, wanted) };
    }
    vectors = turnedImages;
    orthonormalise(vectors, random);
  }
  throw new GpuError(
    `The eigenvectors did not converge: the residual stays at ${best.toExponential(1)}.`,
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
export function orthogonal(vector: Float64Array, system: readonly Float64Array[]): Float64Array {
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
