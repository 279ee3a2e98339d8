/**
 * One pass of graph propagation, result = a ⊙ base + b ⊙ (A input): over all rows or some of them, from
 * buffers or, on a software adapter, from images.
 *
 * @module
 */
import type { GpuDevice } from "../../gpu/device.ts";
import {
  createEntryImage,
  type EntryImage,
  fitsImage,
  fitsPairs,
  type MatrixImage,
  PAIRS_PER_LINE,
  writeEntries,
} from "../../gpu/gather/image.ts";
import { getKernel, type Kernel, LOOP_ROUNDS } from "../../gpu/kernel.ts";
import type { Program } from "../../gpu/program.ts";
import { createTensors, type Tensor, write } from "../../gpu/tensor.ts";
import type { SparseMatrix } from "../../sparse/csr.ts";
import { mostPairs, pairEntries } from "../../sparse/paired_entries.ts";
import propagate from "../../../kernels/propagate.wgsl" with { type: "text" };
import propagateImage from "../../../kernels/propagate_image.wgsl" with { type: "text" };
import propagateRows from "../../../kernels/propagate_rows.wgsl" with { type: "text" };
import { type Batch, touchedRows } from "../../tape/batch.ts";
import type { Ending } from "../../tape/ending.ts";
import { longestRows, type SparseTensor } from "./sparse_tensor.ts";

/** What a pass reads, as in kernels/propagate.wgsl. */
export interface Operands {
  /** Added to the products, column by column. */
  readonly base: Tensor;
  /** What the matrix is applied to. */
  readonly input: Tensor;
  /** Column weights: a, then b. */
  readonly weights: Tensor;
}

/** The same, with images of the matrices. */
interface ImageOperands extends Pick<Operands, "weights"> {
  readonly base: MatrixImage;
  readonly input: MatrixImage;
}

/** Rows to propagate to. */
export interface RowList {
  /** Number of the batch whose rows are meant. */
  readonly clock: Tensor;
  /** Where each batch's rows begin. */
  readonly batchStart: Tensor;
  /** Rows, batch after batch. */
  readonly row: Tensor;
  /** A batch's rows at most. */
  readonly count: number;
}

/** The rows that the current batch touches. */
export function rowsOfBatch({ clock, batchStart, row, shape }: Batch): RowList {
  return { clock, batchStart, row, count: touchedRows(shape) };
}

/** What a pass goes over at least: from images, only rows are left out. */
export interface Reached {
  /** The rows wanted, if not all; these are walked to their ends. */
  readonly rows?: RowList | undefined;
  /** Where each row's entries end, if all rows are wanted but not to where the next one begins. */
  readonly rowEnd?: Tensor | undefined;
  /** Entries in the place of the matrix's own. */
  readonly otherEntries?: Readonly<Record<"column" | "value", Tensor>> | undefined;
}

/** Records a pass from buffers, over all rows or some of them, its result met by an ending. */
export function recordPropagation(
  program: Program,
  { rowCount, rowStart: row_start, column, value }: SparseTensor,
  operands: Operands,
  ending: Ending,
  { rows, rowEnd, otherEntries }: Reached,
): void {
  const dim4 = operands.base.shape[1]! / 4;
  const tensors = { row_start, column, value, ...otherEntries, ...operands, ...ending.tensors };
  const constants = { dim4, ...ending.constants };
  const kernel = (name: string, code: string): Kernel =>
    getKernel(program.gpu, { name, code, ending: ending.source }, constants);
  if (rows) {
    const { clock, batchStart: batch_start, row, count } = rows;
    program.dispatch(
      kernel("propagate_rows", propagateRows),
      { ...tensors, clock, batch_start, row },
      {},
      { invocations: count * lanesPerRow(dim4) },
    );
  } else {
    program.dispatch(
      kernel("propagate", propagate),
      { ...tensors, row_end: rowEnd ?? row_start },
      { rows: rowCount, row_end_shift: rowEnd ? 0 : 1 },
      { invocations: rowCount * lanesPerRow(dim4) },
    );
  }
}

/** A graph whose passes gather from images. */
export interface ImagePasses extends Disposable {
  /** Where each row's pairs of entries begin. */
  readonly pairStart: Tensor;
  /** The entries of the graph. */
  readonly entries: EntryImage;
  /** All rows of the graph, in order. */
  readonly everyRow: RowList;
  /** Rows that an invocation walks one after the other. */
  readonly rowsEach: number;
}

/** The most rows per invocation: with 16 a pass over Baby takes 1.05 times as long. */
const ROWS_EACH = 32;

/** Label of the list of all rows, for those who measure passes. */
export const ALL_ROWS = "all rows";

/**
 * Prepares passes from images where they are the faster ones and possible.
 *
 * @param longest Entries in a row at most, where {@linkcode replaceEntries} is to put other graphs in its
 * place.
 */
export function createImagePasses(
  gpu: GpuDevice,
  label: string,
  matrix: SparseMatrix,
  dim: number,
  longest?: number,
): ImagePasses | undefined {
  if (!gpu.gathersFromImages) return undefined;
  const { rowCount, rowStart, column } = matrix;
  const { pairStart, entries } = pairEntries(matrix);
  const { pairs, lengths } = longest === undefined
    ? { pairs: pairStart[rowCount]!, lengths: longestRows(rowStart, ROWS_EACH) }
    : {
      pairs: mostPairs(rowCount, column.length),
      lengths: new Array<number>(ROWS_EACH).fill(longest),
    };
  const rowsEach = rowsWithinRounds(dim / 4, lengths);
  const fits = fitsImage(gpu, rowCount, dim / 4) && fitsPairs(gpu, pairs);
  if (rowsEach === 0 || !fits) return undefined;
  using guard = new DisposableStack();
  const image = guard.use(createEntryImage(gpu, `${label} entries`, entries, pairs));
  const { pairStart: starts, clock, batchStart, row } = guard.use(createTensors(gpu, {
    pairStart: [`${label} pair_start`, [rowCount + 1], pairStart],
    clock: ["no batch", [2], new Uint32Array(2)],
    batchStart: ["ends of all rows", [2], Uint32Array.of(0, rowCount)],
    row: [ALL_ROWS, [rowCount], Uint32Array.from({ length: rowCount }, (_, row) => row)],
  }));
  const owned = guard.move();
  return {
    pairStart: starts,
    entries: image,
    everyRow: { clock, batchStart, row, count: rowCount },
    rowsEach,
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** How many rows of these lengths an invocation can walk before the driver ends its loops. */
function rowsWithinRounds(dim4: number, lengths: readonly number[]): number {
  const roundsPerTouch = Math.ceil(dim4 / 4) + 2;
  let rounds = 2;
  for (const [rows, length] of lengths.entries()) {
    const pairs = Math.ceil(length / 2);
    rounds += pairs + 2 + Math.ceil(2 * pairs / lanesOfImage(dim4)) * roundsPerTouch;
    if (rounds > LOOP_ROUNDS) return rows;
  }
  return lengths.length;
}

/**
 * Puts another graph, as many rows and no more entries, in the place of the passes'.
 *
 * @throws {GpuError} when it has too many.
 */
export function replaceEntries(gpu: GpuDevice, passes: ImagePasses, matrix: SparseMatrix): void {
  const { pairStart, entries } = pairEntries(matrix);
  writeEntries(gpu, passes.entries, entries);
  write(gpu, passes.pairStart, pairStart);
}

/**
 * Records a pass from images, over all rows or some of them, its result met by an ending. That may write
 * to what an image was copied from.
 */
export function recordPropagationFromImages(
  program: Program,
  { pairStart: pair_start, entries, everyRow, rowsEach: rows_each }: ImagePasses,
  { base, input, weights }: ImageOperands,
  ending: Ending,
  rows: RowList = everyRow,
): void {
  const { dim4, rowsPerLine: rows_per_line } = input;
  const { clock, batchStart: batch_start, row, count } = rows;
  const constants = {
    dim4,
    rows_per_line,
    pairs_per_line: PAIRS_PER_LINE,
    rows_each,
    rows_in_order: Number(rows === everyRow),
    ...ending.constants,
  };
  const source = { name: "propagate_image", code: propagateImage, ending: ending.source };
  program.dispatch(
    getKernel(program.gpu, source, constants),
    { list: clock, batch_start, row, pair_start, weights, ...ending.tensors },
    { zero: 0 },
    { invocations: Math.ceil(count / rows_each) * lanesOfImage(dim4) },
    { entries, base, input },
  );
}

/** From images, one invocation takes two vec4 of a row. */
function lanesOfImage(dim4: number): number {
  return Math.ceil(dim4 / 2);
}

/** From buffers, one invocation takes four vec4 of a row. */
function lanesPerRow(dim4: number): number {
  return Math.ceil(dim4 / 4);
}
