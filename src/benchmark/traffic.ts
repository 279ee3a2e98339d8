/**
 * The memory traffic that each kernel of a training step cannot do without.
 *
 * @module
 */
import type { Command, Dispatch } from "../gpu/program.ts";
import type { EntryImage } from "../gpu/image.ts";
import { elementCount } from "../gpu/tensor.ts";
import { ALL_ROWS } from "../ops/propagation.ts";
import { NEAR_COLUMNS } from "../ops/stepwise_convolution.ts";
import type { MeanBatch } from "./mean_batch.ts";

/**
 * The words of 4 bytes that a dispatch has to move at the least: each read once and written once, as if
 * a cache held the rest. With d columns; a graph of n rows and e entries; m words to update; t triples
 * of a batch, N(0) rows that they name, N(1) with their neighbours, N(2) = n; and E(i) entries of N(i):
 *
 * | kernel             | reads                                                         | writes |
 * | ------------------ | ------------------------------------------------------------- | ------ |
 * | mark_batch         | N(0) rows, 3 counts                                           | N(0)   |
 * | graph_near_batch   | n rows, n + 1 offsets, e columns, n marks, E(0) values,       | 2E(0), |
 * |                    | 1 count                                                       | 2n     |
 * | propagate          | n + 1 offsets, e columns, e values, 2d weights, n·d base,     | n·d    |
 * |                    | n·d input where that is not the base                          |        |
 * |  near the batch    | 2n offsets, E(1) columns and values, 2d weights, n·d base,    | n·d    |
 * |                    | n·d input where that is not the base                          |        |
 * |  from the batch    | 2n offsets, E(0) columns and values, 2d weights, n·d base     | n·d    |
 * | propagate_rows     | N(0) rows, N(0) + 1 offsets, E(0) columns and values,         | N(0)·d |
 * |                    | 2d weights, N(0)·d base, N(1)·d input, 3 counts               |        |
 * | propagate_image    | n rows, n + 1 offsets, 2 columns and 2 values of each pair,   | n·d    |
 * |  of all rows       | 2d weights, n·d base, n·d input if that is another, 3 counts  |        |
 * |  of the batch      | as propagate_rows                                             | N(0)·d |
 * | bpr_scores         | 3t rows, N(0)·d of H, 1 count                                 | t      |
 * | bpr_coefficients   | t margins, 1 count                                            | t + 1  |
 * | bpr_gradient       | N(0) rows, N(0) + 1 offsets, 4t partners, 4t slots,           | N(0)·d |
 * |                    | t coefficients, N(0)·d of H and of the gradient, 3 counts     |        |
 * | adam_update        | 4m, 1 count, 2 corrections                                    | 3m     |
 * | adam_direction     | 3m, 1 count, 2 corrections                                    | 3m     |
 * | decayed_update     | 2m                                                            | m      |
 * | advance            | 2                                                             | 2      |
 */
const COMPULSORY_WORDS: Readonly<
  Record<string, (dispatch: Dispatch, batch: MeanBatch) => number>
> = {
  mark_batch: (_, { rows }) => 2 * rows[0]! + 3,
  graph_near_batch: ({ tensors, params }, { entries }) =>
    5 * params.rows! + tensors.column!.shape[0]! + 3 * entries[0]! + 2,
  propagate: propagationWords,
  propagate_rows: rowPropagationWords,
  propagate_image: (dispatch, batch) =>
    dispatch.tensors.row!.label === ALL_ROWS
      ? imagePropagationWords(dispatch)
      : rowPropagationWords(dispatch, batch),
  bpr_scores: ({ tensors }, { triples, rows }) => 4 * triples + rows[0]! * tensors.h!.shape[1]! + 1,
  bpr_coefficients: (_, { triples }) => 2 * triples + 2,
  bpr_gradient: ({ tensors }, { triples, rows }) =>
    2 * rows[0]! + 1 + 9 * triples + 3 * rows[0]! * tensors.h!.shape[1]! + 3,
  adam_update: ({ params }) => 7 * 4 * params.vectors! + 3,
  adam_direction: ({ params }) => 6 * 4 * params.vectors! + 3,
  decayed_update: ({ params }) => 3 * 4 * params.vectors!,
  advance: () => 4,
};

function propagationWords({ tensors }: Dispatch, { entries }: MeanBatch): number {
  const { base, input, column, output, row_start, row_end } = tensors;
  const shared = base!.buffer === input!.buffer;
  const [rows, dim] = output!.shape as [number, number];
  const cut = row_start!.buffer !== row_end!.buffer;
  const fromBatch = column!.label === NEAR_COLUMNS;
  const read = cut ? entries[fromBatch ? 0 : 1]! : column!.shape[0]!;
  const matrices = shared ? 2 : 3;
  return (cut ? 2 * rows : rows + 1) + 2 * read + 2 * dim + matrices * rows * dim;
}

function imagePropagationWords({ tensors, images }: Dispatch): number {
  const [rows, dim] = tensors.output!.shape as [number, number];
  const { pairs } = images.entries as EntryImage;
  const matrices = images.base === images.input ? 2 : 3;
  return 2 * rows + 1 + 4 * pairs + 2 * dim + matrices * rows * dim + 3;
}

function rowPropagationWords({ tensors }: Dispatch, { rows, entries }: MeanBatch): number {
  const dim = tensors.output!.shape[1]!;
  return 2 * rows[0]! + 1 + 2 * entries[0]! + 2 * dim + (2 * rows[0]! + rows[1]!) * dim + 3;
}

/**
 * The bytes that a command of a training step has to move at the least, on average over batches. A copy
 * reads and writes all that it copies, clearing writes all that it clears.
 *
 * @throws {RangeError} when the kernel's traffic is not known.
 */
export function compulsoryBytes(command: Command, batch: MeanBatch): number {
  if ("to" in command) return 2 * 4 * command.rows.rowCount * command.from.shape[1]!;
  if ("cleared" in command) return 4 * elementCount(command.cleared.shape);
  const { name } = command.kernel;
  const words = COMPULSORY_WORDS[name];
  if (!words) throw new RangeError(`The traffic of kernel ${name} is not known.`);
  return 4 * words(command, batch);
}
