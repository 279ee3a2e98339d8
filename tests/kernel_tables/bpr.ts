/** Awkward shapes for the kernels of the BPR loss; those of its gradient are in gather.ts. */
import { packEntries } from "../../src/ops/graphs/gather.ts";
import { batchCases, batchLength, type Case, floats, randomPattern } from "./random_case.ts";

/** A pattern's entries with any values, and one more, as buffers are not empty. */
function entriesOf({ column }: ReturnType<typeof randomPattern>): Uint32Array<ArrayBuffer> {
  const value = floats(column.length + 1);
  return packEntries({ column: Uint32Array.of(...column, 0), value });
}

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

  add_offsets: () =>
    [0, 3, 40].flatMap((perRow) =>
      batchCases(({ epoch, clock, params, rows, users, batchSize }) => {
        const items = rows - users;
        const q = randomPattern(users, 30, 6), p = randomPattern(30, items, perRow);
        return {
          tensors: {
            user: epoch.user,
            positive: epoch.positive,
            negative: epoch.negative,
            clock,
            q_start: q.rowStart,
            q_entries: entriesOf(q),
            p_start: p.rowStart,
            p_entries: entriesOf(p),
            margin: floats(batchSize),
          },
          params: { ...params, users },
          size: { invocations: batchSize },
        };
      }).map((one) => ({ ...one, name: `${one.name}, about ${perRow} items a row` }))
    ),

  bpr_coefficients: () =>
    [
      { gamma: 0, weight: 1, first: 0 },
      { gamma: 1e-10, weight: 0.5, first: 7 },
      { gamma: 0.25, weight: 3, first: 0 }, // large enough to show in every number
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
            loss: floats(loss.first + epoch.user.length),
          },
          params: { ...params, ...loss },
          size: { invocations: batchSize },
        };
      }).map((one) => ({ ...one, name: `${one.name}, gamma ${loss.gamma}` }))
    ),

  batch_means: () =>
    [
      { triples: 1, batch_size: 1, term: 0, term_count: 1 },
      { triples: 37, batch_size: 16, term: 2, term_count: 4 }, // the last one partial
      { triples: 3000, batch_size: 1024, term: 0, term_count: 2 },
      { triples: 70_001, batch_size: 1, term: 0, term_count: 1 }, // > 65,535 workgroups
    ].map(({ triples, batch_size, ...term }) => {
      const batches = Math.ceil(triples / batch_size);
      const record = new Uint32Array(64 * batches);
      for (let b = 0; b < batches; b++) record[64 * b + 2] = batchLength(triples, batch_size, b);
      return {
        name: `${triples} triples by ${batch_size}`,
        tensors: { record, loss: floats(3 + triples), terms: floats(batches * term.term_count) },
        params: { batch_size, batches, first: 3, ...term },
        size: { workgroups: batches },
      };
    }),
};
