/**
 * One pass of graph propagation, output = a ⊙ base + b ⊙ (A input): over all rows or some of them, from
 * buffers or, on a software adapter, from images.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import {
  createEntryImage,
  ENTRIES_PER_LINE,
  fitsEntries,
  fitsImage,
  type Image,
  type MatrixImage,
} from "../gpu/image.ts";
import { getKernel, LOOP_ROUNDS } from "../gpu/kernel.ts";
import type { Program } from "../gpu/program.ts";
import { createTensors, type Tensor } from "../gpu/tensor.ts";
import type { SparseMatrix } from "../sparse/csr.ts";
import propagate from "../../kernels/propagate.wgsl" with { type: "text" };
import propagateImage from "../../kernels/propagate_image.wgsl" with { type: "text" };
import propagateRows from "../../kernels/propagate_rows.wgsl" with { type: "text" };
import { touchedRows, type TripleTensors } from "./bpr_loss.ts";
import type { SparseTensor } from "./sparse_tensor.ts";

/** What a pass reads and writes, as in kernels/propagate.wgsl. */
export interface Operands {
  /** Added to the products, column by column. */
  readonly base: Tensor;
  /** What the matrix is applied to. */
  readonly input: Tensor;
  /** Column weights: a, then b. */
  readonly weights: Tensor;
  /** a ⊙ base + b ⊙ (A input). */
  readonly output: Tensor;
}

/** The same, with images of what is read. */
interface ImageOperands extends Pick<Operands, "weights" | "output"> {
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
export function rowsOfBatch({ clock, batchStart, row, shape }: TripleTensors): RowList {
  return { clock, batchStart, row, count: touchedRows(shape) };
}

/** What a pass goes over. */
export interface Reached {
  /** The rows wanted, if not all; these are walked to their ends. */
  readonly rows?: RowList | undefined;
  /** Where each row's entries end, if all rows are wanted but not to where the next one begins. */
  readonly rowEnd?: Tensor | undefined;
  /** Entries in the place of the matrix's own. */
  readonly otherEntries?: Readonly<Record<"column" | "value", Tensor>> | undefined;
}

/** Records a pass from buffers, over all rows or some of them. */
export function recordPropagation(
  program: Program,
  { rowCount, rowStart: row_start, column, value }: SparseTensor,
  operands: Operands,
  { rows, rowEnd, otherEntries }: Reached,
): void {
  const dim4 = operands.output.shape[1]! / 4;
  const tensors = { row_start, column, value, ...otherEntries, ...operands };
  if (rows) {
    const { clock, batchStart: batch_start, row, count } = rows;
    program.dispatch(
      getKernel(program.gpu, { name: "propagate_rows", code: propagateRows }, { dim4 }),
      { ...tensors, clock, batch_start, row },
      {},
      { invocations: count * lanesPerRow(dim4) },
    );
  } else {
    program.dispatch(
      getKernel(program.gpu, { name: "propagate", code: propagate }, { dim4 }),
      { ...tensors, row_end: rowEnd ?? row_start },
      { rows: rowCount, row_end_shift: rowEnd ? 0 : 1 },
      { invocations: rowCount * lanesPerRow(dim4) },
    );
  }
}

/** What passes from images need besides. */
export interface ImagePasses extends Disposable {
  /** The entries of the graph. */
  readonly entries: Image;
  /** All rows of the graph, in order. */
  readonly everyRow: RowList;
  /** Rows that an invocation walks one after the other. */
  readonly rowsEach: number;
}

/** The most rows per invocation: with 8 a step of Baby takes 1.08, with 1 some 1.4 times as long. */
const ROWS_EACH = 16;

/** Label of the list of all rows, for those who measure passes. */
export const ALL_ROWS = "all rows";

/**
 * Prepares passes from images where they are the faster ones, on a software adapter, and possible.
 *
 * @param longest Entries of the graph's longest row, now or later.
 */
export function createImagePasses(
  gpu: Gpu,
  matrix: SparseMatrix,
  dim: number,
  longest: number,
): ImagePasses | undefined {
  const { rowCount, column } = matrix;
  // Each row takes a round more than it has entries, and one of the loop around.
  const rowsEach = Math.min(ROWS_EACH, Math.floor((LOOP_ROUNDS - 2) / (longest + 2)));
  const fits = rowsEach >= 1 && fitsImage(gpu, rowCount, dim / 4) &&
    fitsEntries(gpu, column.length);
  if (gpu.threads === undefined || !fits) return undefined;
  using guard = new DisposableStack();
  const entries = guard.use(createEntryImage(gpu, "entries", matrix));
  const list = guard.use(createTensors(gpu, {
    clock: ["no batch", [2], new Uint32Array(2)],
    batchStart: ["ends of all rows", [2], Uint32Array.of(0, rowCount)],
    row: [ALL_ROWS, [rowCount], Uint32Array.from({ length: rowCount }, (_, row) => row)],
  }));
  const owned = guard.move();
  return {
    entries,
    everyRow: { ...list, count: rowCount },
    rowsEach,
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/**
 * Records a pass from images, over all rows or some of them. The output may hold what an image was copied
 * from.
 */
export function recordPropagationFromImages(
  program: Program,
  { rowStart: row_start, column, value }: SparseTensor,
  { entries, everyRow, rowsEach: rows_each }: ImagePasses,
  { base, input, weights, output }: ImageOperands,
  { rows = everyRow, rowEnd, otherEntries }: Reached,
): void {
  const { dim4, rowsPerLine: rows_per_line } = input;
  const { clock, batchStart: batch_start, row, count } = rows;
  const constants = {
    dim4,
    rows_per_line,
    entries_per_line: ENTRIES_PER_LINE,
    entries_from_image: otherEntries ? 0 : 1,
    rows_each,
  };
  const tensors = { clock, batch_start, row, row_start, column, value, weights, output };
  program.dispatch(
    getKernel(program.gpu, { name: "propagate_image", code: propagateImage }, constants),
    { ...tensors, row_end: rowEnd ?? row_start, ...otherEntries },
    { row_end_shift: rowEnd ? 0 : 1 },
    { invocations: Math.ceil(count / rows_each) * lanesPerRow(dim4) },
    { entries, base, input },
  );
}

/** One invocation takes four vec4 of a row. */
function lanesPerRow(dim4: number): number {
  return Math.ceil(dim4 / 4);
}
