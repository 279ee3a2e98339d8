/** Awkward shapes for what ends a step. */
import { withEachEnding } from "./endings.ts";
import { type Case, floats } from "./random_case.ts";

const elementwise = [1, 5, 1000, 70_001].map((vectors) => ({
  vectors,
  constants: { workgroup_size: vectors > 65_535 ? 1 : 128 },
}));

export const cases: Record<string, () => Case[]> = {
  each_vector: () =>
    elementwise.flatMap(({ vectors, constants }) =>
      [0, Math.floor(vectors / 3)].flatMap((first) => {
        const end = vectors - Math.floor(first / 2);
        const one = {
          name: `${vectors} vec4, from ${first} to before ${end}`,
          tensors: { result: floats(4 * vectors) },
          params: { first, end },
          constants,
          size: { invocations: end - first },
        };
        return withEachEnding(one, 4 * vectors);
      })
    ),
};
