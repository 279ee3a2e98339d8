/**
 * Passes that gather from images: on llvmpipe, where that is faster. Each layer is copied to an image, so that
 * its buffer is free for the next one.
 *
 * @module
 */
import type { GpuDevice } from "../../gpu/device.ts";
import {
  createEntryImage,
  type EntryImage,
  fitsImage,
  fitsPairs,
  PAIRS_PER_LINE,
  writeEntries,
} from "../../gpu/gather/image.ts";
import { LOOP_ROUNDS } from "../../gpu/kernel.ts";
import { dispatchParts } from "../../gpu/part.ts";
import { createTensor, type Tensor, write } from "../../gpu/tensor.ts";
import gatherImage from "../../../kernels/gather_image.wgsl" with { type: "text" };
import type { SparseMatrix } from "../../sparse/csr.ts";
import { mostPairs, pairEntries } from "../../sparse/paired_entries.ts";
import type { Tape } from "../../tape/tape.ts";
import { everyRow } from "./gather.ts";
import type { GraphPasses, Passes } from "./passes.ts";
import { longestRows } from "./sparse_tensor.ts";

/** The most rows per invocation: with 16 a pass over Baby takes 1.05 times as long. */
const ROWS_EACH = 32;

/**
 * Prepares passes from images where they are the faster ones and possible.
 *
 * @param longest Entries in a row at most, where {@linkcode GraphPasses.replace} is to put other graphs in its
 * place.
 */
export function createImagePasses(
  gpu: GpuDevice,
  label: string,
  matrix: SparseMatrix,
  dim: number,
  longest?: number,
): GraphPasses | undefined {
  if (!gpu.gathersFromImages) return undefined;
  const { rowCount, rowStart, column } = matrix;
  const paired = pairEntries(matrix);
  const { pairs, lengths } = longest === undefined
    ? { pairs: paired.pairStart[rowCount]!, lengths: longestRows(rowStart, ROWS_EACH) }
    : {
      pairs: mostPairs(rowCount, column.length),
      lengths: new Array<number>(ROWS_EACH).fill(longest),
    };
  const rowsEach = rowsWithinRounds(dim / 4, lengths);
  const fits = fitsImage(gpu, rowCount, dim / 4) && fitsPairs(gpu, pairs);
  if (rowsEach === 0 || !fits) return undefined;
  using guard = new DisposableStack();
  const entries = guard.use(createEntryImage(gpu, `${label} entries`, paired.entries, pairs));
  const pairStart = guard.use(
    createTensor(gpu, `${label} pair_start`, [rowCount + 1], paired.pairStart),
  );
  const owned = guard.move();
  return {
    replace: (other) => {
      const { pairStart: starts, entries: pairs } = pairEntries(other);
      writeEntries(gpu, entries, pairs);
      write(gpu, pairStart, starts);
    },
    start: (tape, base) => startPasses(tape, { pairStart, entries, rowCount, rowsEach }, base),
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** How many rows of these lengths an invocation can walk before the driver ends its loops. */
function rowsWithinRounds(dim4: number, lengths: readonly number[]): number {
  const roundsPerTouch = Math.ceil(dim4 / 4) + 2;
  let rounds = 2;
  for (const [rows, length] of lengths.entries()) {
    const pairs = Math.ceil(length / 2);
    rounds += pairs + 2 + Math.ceil(2 * pairs / lanesPerRow(dim4)) * roundsPerTouch;
    if (rounds > LOOP_ROUNDS) return rows;
  }
  return lengths.length;
}

/** An invocation takes two vec4 of a row. */
function lanesPerRow(dim4: number): number {
  return Math.ceil(dim4 / 2);
}

/** A graph as kernels/gather_image.wgsl reads it. */
interface PairedGraph {
  /** Where each row's pairs of entries begin. */
  readonly pairStart: Tensor;
  /** The pairs. */
  readonly entries: EntryImage;
  /** Number of rows. */
  readonly rowCount: number;
  /** Rows that an invocation walks one after the other. */
  readonly rowsEach: number;
}

function startPasses(
  tape: Tape,
  { pairStart: pair_start, entries, rowCount, rowsEach: rows_each }: PairedGraph,
  input: Tensor,
): Passes {
  const base = tape.takeImage("image of layer 0", input.shape);
  const layer = tape.takeImage("image of a layer", input.shape);
  tape.program.copy(input, base);
  const { dim4, rowsPerLine: rows_per_line } = base;
  const source = { name: "gather_image", code: gatherImage };
  const constants = { dim4, rows_per_line, pairs_per_line: PAIRS_PER_LINE, rows_each };
  let image = base;
  return {
    record: (weights, ending, rows = everyRow(rowCount)) =>
      dispatchParts(
        tape.program,
        {
          source,
          tensors: { pair_start, weights },
          images: { entries, base, input: image },
          constants,
        },
        [rows, ending],
        { invocations: Math.ceil(rows.count / rows_each) * lanesPerRow(dim4) },
      ),
    follow: (output) => {
      tape.program.copy(output, image = layer);
      tape.release(output);
    },
    end: () => [base, layer].forEach((each) => tape.releaseImage(each)),
  };
}
