/**
 * The memory traffic that each kernel of a training step cannot do without.
 *
 * @module
 */
import type { Command, Dispatch } from "../../src/gpu/program.ts";
import type { EntryImage, MatrixImage } from "../../src/gpu/gather/image.ts";
import { elementCount } from "../../src/gpu/tensor.ts";
import { ALL_ROWS } from "../../src/ops/graphs/propagation.ts";
import { NEAR_COLUMNS } from "../../src/ops/graphs/stepwise_convolution.ts";
import type { MeanBatch } from "./mean_batch.ts";

/**
 * The words of 4 bytes that a dispatch has to move at the least: each read once and written once, as if
 * a cache held the rest. With d columns; a graph of n rows and e entries; t triples of a batch, N(0) rows
 * that they name, N(1) with their neighbours, N(2) = n; and E(i) entries of N(i):
 *
 * | kernel             | reads                                                         | writes |
 * | ------------------ | ------------------------------------------------------------- | ------ |
 * | mark_batch         | N(0) rows, 3 counts                                           | N(0)   |
 * | graph_near_batch   | n rows, n + 1 offsets, e columns, n marks, E(0) values,       | 2E(0), |
 * |                    | 1 count                                                       | 2n     |
 * | propagate          | n + 1 offsets, e columns, e values, 2d weights, n·d base,     |        |
 * |                    | n·d input where that is not the base                          |        |
 * |  near the batch    | 2n offsets, E(1) columns and values, 2d weights, n·d base,    |        |
 * |                    | n·d input where that is not the base                          |        |
 * |  from the batch    | 2n offsets, E(0) columns and values, 2d weights, n·d base     |        |
 * | propagate_rows     | N(0) rows, N(0) + 1 offsets, E(0) columns and values,         |        |
 * |                    | 2d weights, N(0)·d base, N(1)·d input, 3 counts               |        |
 * | propagate_image    | n rows, n + 1 offsets, 2 columns and 2 values of each pair,   |        |
 * |  of all rows       | 2d weights, n·d base, n·d input if that is another, 3 counts  |        |
 * |  of the batch      | as propagate_rows                                             |        |
 * | bpr_scores         | 3t rows, N(0)·d of H, 1 count                                 | t      |
 * | bpr_coefficients   | t margins, 1 count                                            | t + 1  |
 * | bpr_gradient       | N(0) rows, N(0) + 1 offsets, 4t partners, 4t slots,           | N(0)·d |
 * |                    | t coefficients, N(0)·d of H and of the gradient, 3 counts     |        |
 * | each_vector        | n·d result                                                    |        |
 * | advance            | 2                                                             | 2      |
 *
 * What writes nothing leaves its result, of n·d or N(0)·d numbers, to an ending.
 */
const KERNEL_WORDS: Readonly<
  Record<string, (dispatch: Dispatch, batch: MeanBatch) => number>
> = {
  mark_batch: (_, { rows }) => 2 * rows[0]! + 3,
  graph_near_batch: ({ tensors, params }, { entries }) =>
    5 * params.rows! + tensors.column!.shape[0]! + 3 * entries[0]! + 2,
  propagate: propagationWords,
  propagate_rows: rowPropagationWords,
  propagate_image: (dispatch, batch) =>
    isOfBatch(dispatch) ? rowPropagationWords(dispatch, batch) : imagePropagationWords(dispatch),
  bpr_scores: ({ tensors }, { triples, rows }) => 4 * triples + rows[0]! * tensors.h!.shape[1]! + 1,
  bpr_coefficients: (_, { triples }) => 2 * triples + 2,
  bpr_gradient: ({ tensors }, { triples, rows }) =>
    2 * rows[0]! + 1 + 9 * triples + 3 * rows[0]! * tensors.h!.shape[1]! + 3,
  each_vector: ({ tensors }) => elementCount(tensors.result!.shape),
  advance: () => 4,
};

/**
 * The words of 4 bytes that an ending adds, for a result of r numbers, s of them of rows that are smoothed,
 * without coupled decay:
 *
 * | ending          | reads                             | writes |
 * | --------------- | --------------------------------- | ------ |
 * | store           |                                   | r      |
 * | add             | r                                 | r      |
 * | adam_step       | 3r − s, 1 count, 2 corrections    | 3r     |
 * | decayed_update  | r                                 | r      |
 */
const ENDING_WORDS: typeof KERNEL_WORDS = {
  store: (dispatch, batch) => resultSize(dispatch, batch),
  add: (dispatch, batch) => 2 * resultSize(dispatch, batch),
  adam_step: (dispatch, batch) =>
    6 * resultSize(dispatch, batch) - elementCount(dispatch.tensors.direction!.shape) + 3,
  decayed_update: (dispatch, batch) => 2 * resultSize(dispatch, batch),
};

/** The shape of a pass's matrices. */
function shapeOf({ tensors, images }: Dispatch): readonly [rows: number, dim: number] {
  if (tensors.base) return tensors.base.shape as [number, number];
  return [tensors.pair_start!.shape[0]! - 1, 4 * (images.base as MatrixImage).dim4];
}

/** Whether a pass is to the rows of the batch alone. */
function isOfBatch({ tensors: { row } }: Dispatch): boolean {
  return row !== undefined && row.label !== ALL_ROWS;
}

/** How many numbers a kernel leaves to its ending. */
function resultSize(dispatch: Dispatch, { rows }: MeanBatch): number {
  const { result } = dispatch.tensors;
  if (result) return elementCount(result.shape);
  const [height, dim] = shapeOf(dispatch);
  return (isOfBatch(dispatch) ? rows[0]! : height) * dim;
}

function propagationWords(dispatch: Dispatch, { entries }: MeanBatch): number {
  const { base, input, column, row_start, row_end } = dispatch.tensors;
  const shared = base!.buffer === input!.buffer;
  const [rows, dim] = shapeOf(dispatch);
  const cut = row_start!.buffer !== row_end!.buffer;
  const fromBatch = column!.label === NEAR_COLUMNS;
  const read = cut ? entries[fromBatch ? 0 : 1]! : column!.shape[0]!;
  return (cut ? 2 * rows : rows + 1) + 2 * read + 2 * dim + (shared ? 1 : 2) * rows * dim;
}

function imagePropagationWords(dispatch: Dispatch): number {
  const { images } = dispatch;
  const [rows, dim] = shapeOf(dispatch);
  const { pairs } = images.entries as EntryImage;
  const matrices = images.base === images.input ? 1 : 2;
  return 2 * rows + 1 + 4 * pairs + 2 * dim + matrices * rows * dim + 3;
}

function rowPropagationWords(dispatch: Dispatch, { rows, entries }: MeanBatch): number {
  const [, dim] = shapeOf(dispatch);
  return 2 * rows[0]! + 1 + 2 * entries[0]! + 2 * dim + (rows[0]! + rows[1]!) * dim + 3;
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
  const { name, file, ending } = command.kernel;
  const words = KERNEL_WORDS[file];
  const endingWords = ending === undefined ? () => 0 : ENDING_WORDS[ending];
  if (!words || !endingWords) throw new RangeError(`The traffic of kernel ${name} is not known.`);
  return 4 * (words(command, batch) + endingWords(command, batch));
}
