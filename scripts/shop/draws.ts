/**
 * Random draws for the made shop. Each part of it has a stream of its own, so that turning a knob of
 * one part leaves the others as they were.
 *
 * @module
 */

import { createRandom, shuffle, uniformBelow, uniformReal } from "../../src/random.ts";

/** A part of the shop that draws at random. */
export type Stream = "catalogue" | "picture" | "item" | "customer" | "purchase" | "split";

/** The number of a stream is its index here. */
const STREAMS: readonly Stream[] = [
  "catalogue",
  "picture",
  "item",
  "customer",
  "purchase",
  "split",
];

/** Draws from one stream. */
export interface Draws {
  /** Uniform in [0, 1). */
  readonly uniform: () => number;
  /** Uniform integer in [0, `bound`). */
  readonly integer: (bound: number) => number;
  /** Standard normal, by the Box-Muller transform. */
  readonly normal: () => number;
  /** One of `choices`, all equally likely. */
  readonly pick: <T>(choices: readonly T[]) => T;
  /** The numbers in uniformly random order. */
  readonly shuffled: (numbers: readonly number[]) => number[];
}

/** The draws of one part of the shop made from `seed`. */
export function createDraws(seed: number, stream: Stream): Draws {
  const random = createRandom(seed, STREAMS.indexOf(stream));
  const uniform = (): number => uniformReal(random);
  const integer = (bound: number): number => uniformBelow(random, bound);
  return {
    uniform,
    integer,
    normal() {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      return radius * Math.cos(2 * Math.PI * uniform());
    },
    pick: (choices) => choices[integer(choices.length)]!,
    shuffled(numbers) {
      const order = Uint32Array.from(numbers);
      shuffle(random, order);
      return [...order];
    },
  };
}
