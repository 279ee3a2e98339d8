/** What tables need of each ending: a kernel that leaves its result to one is met by all of them. */
import type { Arrays, Numbers } from "../oracle.ts";
import { type Case, floats } from "./random_case.ts";

/** An ending of kernels/endings with all that it needs. */
interface MadeEnding {
  readonly ending: string;
  /** What is special. */
  readonly what: string;
  readonly tensors: Arrays;
  readonly constants: Numbers;
}

/** The case with its result stored; places of it may be left out, and must stay as they are. */
export function stored(one: Case, elements: number): Case {
  return withEachEnding(one, elements)[0]!;
}

/** A case for each ending of a result of so many numbers, whole vec4; places may be left out. */
export function withEachEnding(one: Case, elements: number): Case[] {
  return madeEndings(elements).map(({ ending, what, tensors, constants }) => ({
    ...one,
    ending,
    name: `${one.name}, ${what}`,
    tensors: { ...copyOf(one.tensors), ...tensors },
    constants: { ...one.constants, ...constants },
  }));
}

function madeEndings(elements: number): MadeEnding[] {
  const vectors = elements / 4;
  const adamStep = (what: string, l2: number, smoothed_from: number): MadeEnding => ({
    ending: "adam_step",
    what,
    tensors: {
      batch_number: Uint32Array.of(1, 17),
      schedule: Float32Array.of(9, 9, 2.5, 1.25, 9, 9),
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
  });
  return [
    { ending: "store", what: "stored", tensors: { output: floats(elements) }, constants: {} },
    { ending: "add", what: "added", tensors: { total: floats(elements) }, constants: {} },
    adamStep("a step of AdamW", 0.5, vectors),
    adamStep("a step of AdamW, the second half smoothed", 0, Math.floor(vectors / 2)),
    {
      ending: "decayed_update",
      what: "an update from the third vec4 on",
      tensors: { parameter: floats(elements + 8) },
      constants: { first: 2, keep: 0.75, learning_rate: 0.125 },
    },
  ];
}

/** Twins write to the arrays of their case. */
function copyOf(tensors: Arrays): Arrays {
  return Object.fromEntries(Object.entries(tensors).map(([name, data]) => [name, data.slice()]));
}
