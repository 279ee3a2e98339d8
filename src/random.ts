/**
 * Random numbers that are the same on every machine.
 *
 * @module
 */

/** A stream of uniform 32-bit integers. */
export type RandomSource = () => number;

/**
 * xoshiro128** (Blackman & Vigna 2021), its state filled by a mix of the seeds. Streams of different
 * seeds are independent for every practical purpose; the same seeds always give the same stream.
 */
export function createRandom(...seeds: readonly number[]): RandomSource {
  // splitmix32 over the seeds, so that neighbouring seeds start far apart.
  let mix = 0x9e3779b9;
  const next = (): number => {
    mix = (mix + 0x9e3779b9) | 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
  for (const seed of seeds) {
    mix = next() ^ seed;
    mix = next() ^ Math.floor(seed / 2 ** 32);
  }
  let a = next(), b = next(), c = next(), d = next() | 1; // never all zero
  return () => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result >>> 0;
  };
}

/** A uniform integer in [0, bound): draws of as many bits as `bound` has, until one is below it. */
export function uniformBelow(random: RandomSource, bound: number): number {
  const unused = Math.clz32(bound - 1);
  if (unused === 32) return 0;
  let draw;
  do draw = random() >>> unused; while (draw >= bound);
  return draw;
}

/** A uniform real in [0, 1), of 53 random bits. */
export function uniformReal(random: RandomSource): number {
  return ((random() >>> 5) * 2 ** 26 + (random() >>> 6)) / 2 ** 53;
}

/** A standard normal deviate (Box and Muller, one of the two). */
export function normal(random: RandomSource): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniformReal(random)));
  return radius * Math.cos(2 * Math.PI * uniformReal(random));
}

/** Puts the numbers in a uniformly random order (Fisher and Yates). */
export function shuffle(random: RandomSource, numbers: Uint32Array): void {
  for (let last = numbers.length - 1; last > 0; last--) {
    const other = uniformBelow(random, last + 1);
    const kept = numbers[last]!;
    numbers[last] = numbers[other]!;
    numbers[other] = kept;
  }
}
