/**
 * The paired t-test: whether two systems, measured on the same users or seeds, differ by more than
 * chance.
 *
 * @module
 */

import cumulativeT from "@stdlib/stats-base-dists-t-cdf";
import { InputError } from "../input_error.ts";

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
  // Twice the lower tail: as 1 − … a small probability would lose its digits.
  const pValue = 2 * cumulativeT(-Math.abs(t), degreesOfFreedom);
  return { meanDifference, t, degreesOfFreedom, pValue };
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
