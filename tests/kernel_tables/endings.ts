/** What tables need of each ending: a kernel that leaves its result to one is met by all of them. */
import type { Arrays, Numbers } from "../oracle.ts";
import { type Case, clockAt, floats } from "./random_case.ts";

/** An ending of kernels/endings with all that it needs. */
interface MadeEnding {
  readonly ending: string;
  readonly tensors: Arrays;
  readonly constants?: Numbers;
}

/** Endings of a result of so many numbers, whole vec4, by what is done. */
const endingsOf: Readonly<Record<string, (elements: number) => MadeEnding>> = {
  "stored": (elements) => ({ ending: "endings/store", tensors: { output: floats(elements) } }),
  "added": (elements) => ({ ending: "endings/add", tensors: { total: floats(elements) } }),
  "a step of AdamW": (elements) => adamStep(elements, 0, 2 ** 32 - 1),
  "a step of AdamW, the second half smoothed": (elements) =>
    adamStep(elements, 0.5, Math.floor(elements / 8)),
  "an update from the third vec4 on": (elements) => ({
    ending: "endings/decayed_update",
    tensors: { parameter: floats(elements + 8) },
    constants: { first: 2, keep: 0.75, learning_rate: 0.125 },
  }),
};

function adamStep(elements: number, l2: number, smoothed_from: number): MadeEnding {
  return {
    ending: "endings/adam_step",
    tensors: {
      clock: clockAt(1, { correction: [2.5, 1.25] }),
      first_moment: floats(elements),
      second_moment: floats(elements).map(Math.abs),
      parameter: floats(elements),
      direction: floats(Math.max(4, elements - 4 * smoothed_from)),
    },
    constants: {
      l2,
      smoothed_from,
      keep: 0.75,
      learning_rate: 0.125,
      decay_first: 0.9,
      gain_first: 0.1,
      decay_second: 0.999,
      gain_second: 0.001,
      epsilon: 1e-8,
    },
  };
}

/** A case for each ending of a result of so many numbers. */
export function withEachEnding(one: Case, elements: number): Case[] {
  return Object.keys(endingsOf).map((what) => withEnding(one, elements, what));
}

/** The case with its result stored; places that it leaves out must stay as they are. */
export function stored(one: Case, elements: number): Case {
  return withEnding(one, elements, "stored");
}

/** The case with its result added to what is there. */
export function added(one: Case, elements: number): Case {
  return withEnding(one, elements, "added");
}

function withEnding(one: Case, elements: number, what: string): Case {
  const { ending, tensors, constants } = endingsOf[what]!(elements);
  return {
    ...one,
    parts: [...one.parts ?? [], ending],
    name: `${one.name}, ${what}`,
    tensors: { ...tensors, ...one.tensors }, // a kernel that asks for the clock has set it
    constants: { ...one.constants, ...constants },
  };
}
