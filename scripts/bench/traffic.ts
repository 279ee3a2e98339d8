/**
 * The memory traffic that each kernel of a training step cannot do without.
 *
 * @module
 */
import type { Command, Dispatch } from "../../src/gpu/program.ts";
import type { EntryImage, MatrixImage } from "../../src/gpu/gather/image.ts";
import { elementCount } from "../../src/gpu/tensor.ts";
import type { MeanBatch } from "./mean_batch.ts";

/**
 * The words of 4 bytes that a dispatch has to move at the least: each read once and written once, as if
 * a cache held the rest; those of a kernel and of its parts add up. With d columns; a graph of n rows and e
 * entries; t triples of a batch, N(0) rows that they name, N(1) with their neighbours, N(2) = n; E(i) entries
 * of N(i); and r rows of a result, n or N(0), with the stale ones where they are made:
 *
 * | kernel or part     | reads                                                         | writes |
 * | ------------------ | ------------------------------------------------------------- | ------ |
 * | gather             | n·d input where that is not the base                          |        |
 * |  of a batch's rows | N(1)·d input, from triples N(0)·d                             |        |
 * | gather_image       | n + 1 offsets, 2 columns and 2 values of each pair, 2d        |        |
 * |                    | weights, n·d base, n·d input where that is not the base       |        |
 * |  of a batch's rows | N(0) + 1 offsets, E(0) columns and values, 2d weights,        |        |
 * |                    | N(0)·d base, N(1)·d input                                     |        |
 * | row_segments       | 4 numbers of each segment                                     |        |
 * | batch_rows         | r rows                                                        |        |
 * | row_bounds         | n + 1 offsets; of a batch's rows N(0) + 1                     |        |
 * | packed_entries     | e columns and values; of a batch's rows E(0)                  |        |
 * | triple_entries     | r + 1 offsets,    4t partners, 4t slots, t coefficients       |        |
 * | layer_mix          | 2d weights, r·d base                                          |        |
 * | bpr_scores         |                                                               | t      |
 * | epoch_rows         | 3t rows, N(0)·d of H                                          |        |
 * | bpr_coefficients   | t margins                                                     | 2t     |
 * | each_vector        | n·d result                                                    |        |
 * | store              |                                                               | r·d    |
 * | add                | r·d                                                           | r·d    |
 * | adam_step          | 3r·d − s                                                      | 3r·d   |
 * | decayed_update     | r·d                                                           | r·d    |
 *
 * where s numbers are of rows that are smoothed, and there is no coupled decay. A dispatch that walks some of
 * the segments has that share of the rest.
 */
const WORDS: Readonly<Record<string, (dispatch: Dispatch, batch: MeanBatch) => number>> = {
  gather: gatherWords,
  gather_image: gatherImageWords,
  "gather/whole_rows": () => 0,
  "gather/row_segments": ({ params: { first_segment, end_segment } }) =>
    4 * (end_segment! - first_segment!),
  "gather/every_row": () => 0,
  "gather/batch_rows": madeRows,
  "gather/row_bounds": (dispatch, { rows }) =>
    isOfBatch(dispatch) ? rows[0]! + 1 : elementCount(dispatch.tensors.row_start!.shape),
  "gather/packed_entries": (dispatch, { entries }) =>
    isOfBatch(dispatch)
      ? 2 * entries[0]!
      : shareWalked(dispatch) * elementCount(dispatch.tensors.entries!.shape),
  "gather/own_sum": () => 0,
  "gather/shared_sum": () => 0,
  "gather/triple_entries": (dispatch, batch) => madeRows(dispatch, batch) + 1 + 9 * batch.triples,
  "gather/plain_sum": () => 0,
  "gather/layer_mix": (dispatch, batch) => 2 * columnsOf(dispatch) + resultSize(dispatch, batch),
  bpr_scores: (_, { triples }) => triples,
  "bpr/epoch_rows": ({ tensors }, { triples, rows }) =>
    3 * triples + rows[0]! * tensors.h!.shape[1]!,
  bpr_coefficients: (_, { triples }) => 3 * triples,
  each_vector: ({ params: { first, end } }) => 4 * (end! - first!),
  "endings/store": resultSize,
  "endings/add": (dispatch, batch) => 2 * resultSize(dispatch, batch),
  "endings/adam_step": (dispatch, batch) =>
    6 * resultSize(dispatch, batch) - elementCount(dispatch.tensors.direction!.shape),
  "endings/decayed_update": (dispatch, batch) => 2 * resultSize(dispatch, batch),
};

/** Columns of a gather's matrices. */
function columnsOf({ tensors, images }: Dispatch): number {
  return tensors.input?.shape[1] ?? 4 * (images.input as MatrixImage).dim4;
}

/** Whether a gather is to the rows of the batch alone. */
function isOfBatch({ kernel }: Dispatch): boolean {
  return kernel.files.includes("gather/batch_rows");
}

/** How many numbers a kernel leaves to its ending. */
function resultSize(dispatch: Dispatch, batch: MeanBatch): number {
  const { tensors: { result }, params: { first, end } } = dispatch;
  if (result) return 4 * (end! - first!);
  return madeRows(dispatch, batch) * columnsOf(dispatch);
}

/** How many rows a gather makes. */
function madeRows(dispatch: Dispatch, { rows, stale }: MeanBatch): number {
  const { kernel, params, tensors } = dispatch;
  if (kernel.files.includes("gather/triple_entries")) return rows[0]! + stale;
  if (isOfBatch(dispatch)) return rows[0]!;
  return shareWalked(dispatch) * (params.rows ?? tensors.base!.shape[0]!);
}

/** Of a gather's rows and entries, the share of those that it walks. */
function shareWalked({ params: { first_segment, end_segment }, tensors }: Dispatch): number {
  return tensors.segments ? (end_segment! - first_segment!) / tensors.segments.shape[0]! : 1;
}

function gatherWords(dispatch: Dispatch, { rows }: MeanBatch): number {
  const { kernel, tensors: { base, input } } = dispatch;
  const reached = kernel.files.includes("gather/triple_entries") ? rows[0]! : rows[1]!;
  if (isOfBatch(dispatch)) return reached * columnsOf(dispatch);
  return base?.buffer === input!.buffer ? 0 : elementCount(input!.shape);
}

function gatherImageWords(dispatch: Dispatch, batch: MeanBatch): number {
  const { tensors: { pair_start }, images } = dispatch;
  const dim = columnsOf(dispatch), own = 2 * dim + resultSize(dispatch, batch);
  if (isOfBatch(dispatch)) {
    const { rows, entries } = batch;
    return own + rows[0]! + 1 + 2 * entries[0]! + rows[1]! * dim;
  }
  const { pairs } = images.entries as EntryImage;
  const input = images.base === images.input ? 0 : resultSize(dispatch, batch);
  return own + elementCount(pair_start!.shape) + 4 * pairs + input;
}

/**
 * The bytes that a command of a training step has to move at the least, on average over batches. A copy
 * reads and writes all that it copies, clearing writes all that it clears, a note is a number.
 *
 * @throws {RangeError} when the kernel's traffic is not known.
 */
export function compulsoryBytes(command: Command, batch: MeanBatch): number {
  if ("to" in command) return 2 * 4 * command.rows(0).rowCount * command.from.shape[1]!;
  if ("cleared" in command) return 4 * elementCount(command.cleared.shape);
  if ("done" in command) return 2 * 4;
  const { name, files } = command.kernel;
  return files.reduce((bytes, file) => {
    const words = WORDS[file];
    if (!words) throw new RangeError(`The traffic of kernel ${name} is not known.`);
    return bytes + 4 * words(command, batch);
  }, 0);
}
