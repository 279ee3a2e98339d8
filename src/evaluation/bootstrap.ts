/**
 * The paired bootstrap: how far the mean difference of two systems over these users may be from that over all users
 * that there could be (Efron & Tibshirani 1993).
 *
 * @module
 */
import { mean, quantileSorted } from "d3-array";
import { InputError } from "../input_error.ts";
import { createRandom, uniformBelow } from "../random.ts";

/** Outcome of {@linkcode pairedBootstrap}. */
export interface BootstrapInterval {
  /** Mean of a − b. */
  readonly meanDifference: number;
  /** The interval's lower end. */
  readonly low: number;
  /** Its upper end. */
  readonly high: number;
}

/** How the interval is found. */
export interface BootstrapOptions {
  /** How often users are drawn; 2,000 times unless told. */
  readonly resamples?: number;
  /** How often the interval would hold the mean difference; 0.95 unless told. */
  readonly confidence?: number;
  /** Seed of the draws; 1 unless told. */
  readonly seed?: number;
}

/**
 * The percentile interval of the mean of `a` − `b`, whose entries at one index are of one user: users are drawn with
 * replacement, as many as there are, again and again.
 *
 * @throws {InputError} when the lengths differ, there are fewer than two pairs, or an option is out of range.
 */
export function pairedBootstrap(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  { resamples = 2000, confidence = 0.95, seed = 1 }: BootstrapOptions = {},
): BootstrapInterval {
  if (a.length !== b.length || a.length < 2) {
    throw new InputError(
      `A paired bootstrap needs two samples of one length, 2 at least, but they have ${a.length} ` +
        `and ${b.length} values.`,
    );
  }
  if (!Number.isSafeInteger(resamples) || resamples < 1) {
    throw new InputError(`resamples is ${resamples}, but must be a whole number from 1.`);
  }
  if (!(confidence > 0 && confidence < 1)) {
    throw new InputError(`confidence is ${confidence}, but must be between 0 and 1.`);
  }
  const differences = Float64Array.from({ length: a.length }, (_, pair) => a[pair]! - b[pair]!);
  const random = createRandom(seed, a.length);
  const means = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let draw = 0; draw < differences.length; draw++) {
      sum += differences[uniformBelow(random, differences.length)]!;
    }
    return sum / differences.length;
  }).sort();
  return {
    meanDifference: mean(differences)!,
    low: quantileSorted(means, (1 - confidence) / 2)!,
    high: quantileSorted(means, (1 + confidence) / 2)!,
  };
}
