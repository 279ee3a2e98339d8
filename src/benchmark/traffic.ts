/**
 * The memory traffic that each kernel of a training step cannot do without.
 *
 * @module
 */
import type { Dispatch } from "../gpu/program.ts";
import type { MeanBatch } from "./mean_batch.ts";

/**
 * The words of 4 bytes that a dispatch has to move at the least: each read once and written once, as if
 * a cache held the rest. With d columns; a graph of n rows and e entries; m words to update; t triples
 * of a batch, N(0) rows that they name, N(1) with their neighbours, N(2) = n; and E(i) entries of N(i):
 *
 * | kernel           | reads                                                           | writes |
 * | ---------------- | --------------------------------------------------------------- | ------ |
 * | mark_near        | N(0) rows, N(0) + 1 offsets, E(0) columns, N(1) marks, 4 counts | N(1)   |
 * | propagate        | n + 1 offsets, e columns, e values, 2d weights, n·d base,       | n·d    |
 * |                  | n·d input where that is not the base                            |        |
 * | propagate_near   | n marks, N(i) + 1 offsets, E(i) columns, min(E(i), E(j))        | N(i)·d |
 * |  for rows N(i)   | values, 2d weights, N(i)·d base, min(N(i + 1), N(j))·d input    |        |
 * |  reading N(j)    | where that is not the base, 1 count                             |        |
 * | bpr_scores       | 3t rows, N(0)·d of H, 1 count                                   | t      |
 * | bpr_coefficients | t margins, 1 count                                              | t + 1  |
 * | bpr_gradient     | N(0) rows, N(0) + 1 offsets, 4t partners, 4t slots,             | N(0)·d |
 * |                  | t coefficients, N(0)·d of H, 3 counts                           |        |
 * | adam_direction   | 3m, 1 count, 2 corrections                                      | 3m     |
 * | decayed_update   | 2m                                                              | m      |
 * | clear_rows       | N(0) rows, 3 counts                                             | N(0)·d |
 * | advance          | 2                                                               | 2      |
 */
const COMPULSORY_WORDS: Readonly<
  Record<string, (dispatch: Dispatch, batch: MeanBatch) => number>
> = {
  mark_near: (_, { rows, entries }) => 2 * rows[0]! + 1 + entries[0]! + 2 * rows[1]! + 4,
  propagate: ({ tensors: { column, base, input, output }, params }) => {
    const rows = params.rows!, dim = output!.shape[1]!;
    const matrices = base!.buffer === input!.buffer ? 2 : 3;
    return rows + 1 + 2 * column!.shape[0]! + 2 * dim + matrices * rows * dim;
  },
  propagate_near: ({ tensors: { base, input, output }, params }, { rows, entries }) => {
    const i = params.row_reach!, j = params.neighbour_reach!, dim = output!.shape[1]!;
    const computed = rows[i]!;
    const read = base!.buffer === input!.buffer ? 0 : Math.min(rows[i + 1] ?? rows[2]!, rows[j]!);
    return rows[2]! + computed + 1 + entries[i]! + Math.min(entries[i]!, entries[j]!) + 2 * dim +
      (2 * computed + read) * dim + 1;
  },
  bpr_scores: ({ tensors }, { triples, rows }) => 4 * triples + rows[0]! * tensors.h!.shape[1]! + 1,
  bpr_coefficients: (_, { triples }) => 2 * triples + 2,
  bpr_gradient: ({ tensors }, { triples, rows }) =>
    2 * rows[0]! + 1 + 9 * triples + 2 * rows[0]! * tensors.h!.shape[1]! + 3,
  adam_direction: ({ params }) => 6 * 4 * params.vectors! + 3,
  decayed_update: ({ params }) => 3 * 4 * params.vectors!,
  clear_rows: ({ tensors }, { rows }) => rows[0]! * (1 + tensors.matrix!.shape[1]!) + 3,
  advance: () => 4,
};

/**
 * The bytes that a dispatch of a training step has to move at the least, on average over batches.
 *
 * @throws {RangeError} when the kernel's traffic is not known.
 */
export function compulsoryBytes(dispatch: Dispatch, batch: MeanBatch): number {
  const { name } = dispatch.kernel;
  const words = COMPULSORY_WORDS[name];
  if (!words) throw new RangeError(`The traffic of kernel ${name} is not known.`);
  return 4 * words(dispatch, batch);
}
