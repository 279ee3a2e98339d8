/** Awkward shapes for the kernels of penalties on norms. */
import { type Case, clockAt, floats } from "./random_case.ts";

/** As src/ops/losses/norm_penalty.ts has them. */
const PARTS = 32;

const stretches = [
  { first: 0, elements: 1 },
  { first: 3, elements: 31 }, // fewer than there are parts
  { first: 5, elements: 4100 },
  { first: 1, elements: 70_001, workgroup_size: 1 }, // > 65,535 workgroups of the adjoint
];

/** The divisor, or 0 for the length of the batch, which is the third of three and partial. */
const divisors = [0, 2.5];
const clock = clockAt(2, { size: 5 });

export const cases: Record<string, () => Case[]> = {
  sum_squares: () =>
    stretches.map(({ first, elements }) => ({
      name: `${elements} numbers from ${first}`,
      tensors: { x: floats(first + elements + 3), part_sum: floats(3 * PARTS) },
      params: { first, elements, slot: PARTS },
      size: { workgroups: PARTS },
    })),

  norm_penalty: () =>
    [[1, 0], [3, 0], [3, 1]].flatMap(([ranges, squared]) =>
      divisors.map((divisor) => ({
        name: `${ranges} ranges by ${divisor || "length"}${squared ? ", squared" : ""}`,
        tensors: {
          clock,
          part_sum: floats(ranges! * PARTS).map(Math.abs),
          norm: floats(ranges!),
          terms: floats(3 * 4),
        },
        params: {
          ranges: ranges!,
          parts: PARTS,
          squared: squared!,
          divisor,
          term: 1,
          term_count: 4,
        },
        size: { workgroups: 1 },
      }))
    ),

  norm_penalty_adjoint: () =>
    stretches.flatMap(({ first, elements, workgroup_size = 128 }) =>
      divisors.flatMap((divisor) =>
        [0.7, 0].map((norm) => ({
          name: `${elements} numbers from ${first} by ${divisor || "length"}, norm ${norm}`,
          tensors: {
            clock,
            norm: Float32Array.of(9, norm),
            x: norm === 0 ? new Float32Array(first + elements + 3) : floats(first + elements + 3),
            gradient: floats(first + elements + 3),
          },
          params: { range: 1, first, elements, weight: 0.3, divisor },
          constants: { workgroup_size },
          size: { invocations: elements },
        }))
      )
    ),
};
