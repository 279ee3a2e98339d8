/**
 * The paired t-test: whether two systems, measured on the same users or seeds, differ by more than
 * chance.
 *
 * @module
 */

import { InputError } from "../input_error.ts";

/** Weights of Lanczos's series for the gamma function, g = 7. */
const LANCZOS = [
  0.99999999999980993,
  676.5203681218851,
  -1259.1392167224028,
  771.32342877765313,
  -176.61502916214059,
  12.507343278686905,
  -0.13857109526572012,
  9.9843695780195716e-6,
  1.5056327351493116e-7,
];

/** Outcome of {@link pairedTTest}. */
export interface PairedTTest {
  /** Mean of a − b. */
  readonly meanDifference: number;
  /** The mean difference in units of its standard error. */
  readonly t: number;
  /** Number of pairs − 1. */
  readonly degreesOfFreedom: number;
  /** Two-sided: the chance of a |t| at least this large if the true mean difference were 0. */
  readonly pValue: number;
}

/**
 * Student's paired t-test of `a` against `b`, whose entries at one index belong together.
 *
 * Where every difference is the same, their variance is 0 and t a limit: without any difference
 * t = 0 and p = 1, otherwise t = ±Infinity and p = 0.
 *
 * @throws {InputError} when the lengths differ, or there are fewer than two pairs, or a value is not
 * finite.
 */
export function pairedTTest(a: ArrayLike<number>, b: ArrayLike<number>): PairedTTest {
  if (a.length !== b.length) {
    throw new InputError(
      `A paired t-test needs samples of one length, but they have ${a.length} and ${b.length} values.`,
    );
  }
  if (a.length < 2) {
    throw new InputError(`A paired t-test needs at least 2 pairs, but there are ${a.length}.`);
  }
  const differences = Float64Array.from({ length: a.length }, (_, pair) => a[pair]! - b[pair]!);
  const wrong = differences.findIndex((difference) => !Number.isFinite(difference));
  if (wrong >= 0) {
    throw new InputError(
      `A paired t-test needs finite values, but pair ${wrong} is ${a[wrong]} and ${b[wrong]}.`,
    );
  }
  const degreesOfFreedom = a.length - 1;
  // Measured from the first, so that equal differences have a variance of exactly 0.
  const origin = differences[0]!;
  const meanDifference = origin + sum(differences.map((d) => d - origin)) / a.length;
  const variance = sum(differences.map((d) => (d - meanDifference) ** 2)) / degreesOfFreedom;
  const t = meanDifference === 0 ? 0 : meanDifference / Math.sqrt(variance / a.length);
  return { meanDifference, t, degreesOfFreedom, pValue: twoSidedProbability(t, degreesOfFreedom) };
}

/**
 * P(|T| ≥ |t|) for Student's t distribution: I_x(ν/2, 1/2) with x = ν/(ν + t²), where ν is
 * `degreesOfFreedom` > 0 and I the regularised incomplete beta function.
 */
function twoSidedProbability(t: number, degreesOfFreedom: number): number {
  if (!Number.isFinite(t)) return 0;
  const total = degreesOfFreedom + t * t;
  // 1 − x is passed as t²/(ν + t²) too: subtracting would lose its digits for small t.
  return incompleteBeta(degreesOfFreedom / total, (t * t) / total, degreesOfFreedom / 2, 0.5);
}

/** I_x(a, b); `complement` is 1 − x. */
function incompleteBeta(x: number, complement: number, a: number, b: number): number {
  // Each fraction converges fast on its own side of the mean; I_x(a, b) = 1 − I_{1−x}(b, a).
  return x < (a + 1) / (a + b + 2)
    ? lowerTail(x, complement, a, b)
    : 1 - lowerTail(complement, x, b, a);
}

/** I_x(a, b) by its continued fraction (Abramowitz & Stegun 26.5.8). */
function lowerTail(x: number, complement: number, a: number, b: number): number {
  if (x === 0) return 0;
  const logBeta = logGamma(a) + logGamma(b) - logGamma(a + b);
  const front = Math.exp(a * Math.log(x) + b * Math.log(complement) - logBeta) / a;
  return front / betaFraction(x, a, b);
}

/** 1 + d₁/(1 + d₂/(1 + …)), evaluated from the front by the modified Lentz method. */
function betaFraction(x: number, a: number, b: number): number {
  const precision = 1e-15;
  const tiny = 1e-300; // Stands in for 0 in a denominator.
  let value = 1;
  let numerator = 1;
  let denominator = 0;
  for (let term = 1;; term++) {
    const m = term >> 1;
    const coefficient = term % 2 === 0
      ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    denominator = 1 / (1 + coefficient * denominator || tiny);
    numerator = 1 + coefficient / numerator || tiny;
    value *= numerator * denominator;
    if (Math.abs(numerator * denominator - 1) < precision) return value;
  }
}

/** ln Γ(z) for z > 0: Lanczos's approximation, good to about 1e-15. */
function logGamma(z: number): number {
  const series = LANCZOS.reduce((total, weight, k) => total + weight / (z - 1 + k));
  const base = z + 6.5;
  return Math.log(2 * Math.PI) / 2 + (z - 0.5) * Math.log(base) - base + Math.log(series);
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
