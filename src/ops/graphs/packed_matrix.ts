/**
 * A sparse matrix on the GPU whose entries do not change there: packed two words each and, on hardware, dealt
 * out in segments of about equal length.
 *
 * @module
 */
import type { GpuDevice } from "../../gpu/device.ts";
import { createTensors, type Tensor, write } from "../../gpu/tensor.ts";
import type { SparseMatrix } from "../../sparse/csr.ts";
import {
  countSegments,
  dealRows,
  mostSegments,
  type RowSegments,
  SEGMENT_WORDS,
  segmentLength,
  type Segments,
} from "../../sparse/row_segments.ts";
import { balances, packEntries } from "./gather.ts";
import { longestRow, requireRowLengths } from "./sparse_tensor.ts";

/** A matrix, uploaded. */
export interface PackedMatrix extends Disposable {
  /** Number of rows. */
  readonly rowCount: number;
  /** `rowCount + 1` offsets. */
  readonly rowStart: Tensor;
  /** Entries × 2: column, bits of the value. */
  readonly entries: Tensor;
  /** How its rows are walked where groups of invocations share them. */
  readonly segments?: SegmentTensors;
}

/** {@linkcode RowSegments}, uploaded. */
export interface SegmentTensors extends Disposable {
  /** Entries of a segment at most. */
  readonly longest: number;
  /** Segments × 4: those of rows that fit a block. */
  readonly rows: Tensor;
  /** Segments × 4: those of the pieces of other rows. */
  readonly pieces: Tensor;
  /** How many pieces there are, at most. */
  readonly pieceCount: number;
  /** Segments × 4: those of the other rows, whose entries are the pieces. */
  readonly longRows: Tensor;
}

/**
 * Uploads a sparse matrix.
 *
 * @param longestOfAll Entries in a row at most, where {@linkcode replaceMatrix} is to put other matrices in its
 * place.
 * @throws {GpuError} when a row is too long, as {@linkcode requireRowLengths} tells, or an array too large.
 */
export function uploadSparse(
  gpu: GpuDevice,
  label: string,
  matrix: SparseMatrix,
  longestOfAll?: number,
): PackedMatrix {
  const { rowCount, rowStart: offsets, column } = matrix;
  requireRowLengths(gpu, label, offsets);
  using guard = new DisposableStack();
  const { rowStart, entries } = guard.use(createTensors(gpu, {
    rowStart: [`${label} row_start`, [offsets.length], offsets],
    entries: [`${label} entries`, [column.length, 2], packEntries(matrix)],
  }));
  const segments = balances(gpu)
    ? { segments: guard.use(uploadSegments(gpu, label, matrix, longestOfAll)) }
    : {};
  const owned = guard.move();
  return { rowCount, rowStart, entries, ...segments, [Symbol.dispose]: () => owned.dispose() };
}

/**
 * Puts another matrix, as many rows and no more entries, in the place of one.
 *
 * @throws {GpuError} when it has more entries.
 */
export function replaceMatrix(
  gpu: GpuDevice,
  { rowStart, entries, segments }: PackedMatrix,
  matrix: SparseMatrix,
): void {
  write(gpu, entries, packEntries(matrix));
  write(gpu, rowStart, matrix.rowStart);
  if (segments) writeSegments(gpu, segments, dealRows(matrix, segments.longest));
}

/**
 * Takes what any matrix of that size may need, which can be told before the neighbours of items are known; of
 * one that stays, no more is walked than it has.
 */
function uploadSegments(
  gpu: GpuDevice,
  label: string,
  matrix: SparseMatrix,
  longestOfAll?: number,
): SegmentTensors {
  const { rowCount, rowStart, column: { length: entries } } = matrix;
  const longest = segmentLength(entries);
  const dealt = dealRows(matrix, longest);
  const most = mostSegments(rowCount, entries, longestOfAll ?? longestRow(rowStart), longest);
  const { rows, pieces, longRows, ...owned } = createTensors(gpu, {
    rows: [`${label} segments`, [most.rows, SEGMENT_WORDS]],
    pieces: [`${label} segments of pieces`, [most.pieces, SEGMENT_WORDS]],
    longRows: [`${label} segments of long rows`, [most.longRows, SEGMENT_WORDS]],
  });
  const walked = longestOfAll === undefined ? countSegments(dealt) : most;
  const firstOf = (tensor: Tensor, count: number): Tensor => ({
    ...tensor,
    shape: [count, SEGMENT_WORDS],
  });
  const segments = {
    longest,
    rows: firstOf(rows, walked.rows),
    pieces: firstOf(pieces, walked.pieces),
    pieceCount: walked.pieceCount,
    longRows: firstOf(longRows, walked.longRows),
    ...owned,
  };
  writeSegments(gpu, segments, dealt);
  return segments;
}

function writeSegments(gpu: GpuDevice, tensors: SegmentTensors, dealt: RowSegments): void {
  const fill = (tensor: Tensor, segments: Segments): void => {
    const filled = new Uint32Array(tensor.shape[0]! * SEGMENT_WORDS);
    filled.set(segments);
    write(gpu, tensor, filled);
  };
  fill(tensors.rows, dealt.rows);
  fill(tensors.pieces, dealt.pieces);
  fill(tensors.longRows, dealt.longRows);
}
