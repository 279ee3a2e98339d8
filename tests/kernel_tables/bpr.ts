/** Awkward shapes for the kernels of the BPR loss; those of its gradient are in gather.ts. */
import { batchCases, type Case, floats } from "./random_case.ts";

export const cases: Record<string, () => Case[]> = {
  bpr_scores: () => [
    ...batchCases(({ epoch, clock, h, params, constants, batchSize }) => ({
      parts: ["bpr/epoch_rows"],
      tensors: {
        user: epoch.user,
        positive: epoch.positive,
        negative: epoch.negative,
        clock,
        h,
        margin: new Float32Array(batchSize),
      },
      params,
      constants,
      size: { invocations: batchSize },
    })),
    ...batchCases(({ clock, dim, params, constants, batchSize }) => ({
      parts: ["bpr/gathered_rows"],
      tensors: {
        users: floats(batchSize * dim),
        items: floats(2 * batchSize * dim),
        clock,
        margin: new Float32Array(batchSize),
      },
      params,
      constants,
      size: { invocations: batchSize },
    })).map((one) => ({ ...one, name: `${one.name}, gathered` })),
  ],

  bpr_coefficients: () =>
    [
      { gamma: 0, weight: 1, term: 0, term_count: 1 },
      { gamma: 1e-10, weight: 0.5, term: 2, term_count: 4 },
      { gamma: 0.25, weight: 3, term: 0, term_count: 2 }, // large enough to show in every number
    ].flatMap((loss) =>
      batchCases(({ epoch, clock, params, batchSize }) => {
        const margin = floats(batchSize, 10);
        // Far out, where a careless exponential overflows or a careless logarithm gives 0.
        margin.set([0, 100, -100, 1e4, -1e4, 1e-6].slice(0, batchSize));
        return {
          tensors: {
            clock,
            margin,
            coefficient: new Float32Array(batchSize),
            terms: floats((epoch.batchStart.length - 1) * loss.term_count),
          },
          params: { ...params, ...loss },
          size: { workgroups: 1 },
        };
      }).map((one) => ({ ...one, name: `${one.name}, gamma ${loss.gamma}` }))
    ),
};
