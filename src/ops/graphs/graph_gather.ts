/**
 * A gather along the entries of a sparse matrix, however it is walked.
 *
 * @module
 */
import type { Program } from "../../gpu/program.ts";
import { stretches } from "../../gpu/stretches.ts";
import { elementCount, type Tensor } from "../../gpu/tensor.ts";
import unitEntriesCode from "../../../kernels/gather/unit_entries.wgsl" with { type: "text" };
import { segmentLength, SEGMENTS_PER_BLOCK } from "../../sparse/row_segments.ts";
import { storedIn } from "../../tape/ending.ts";
import type { Tape } from "../../tape/tape.ts";
import {
  everyRow,
  type Gather,
  type GatheredRows,
  graphEntries,
  packedEntries,
  recordGather,
  rowBounds,
  rowSegments,
  wholeRows,
} from "./gather.ts";
import type { PackedMatrix, SegmentTensors } from "./packed_matrix.ts";
import type { SparseTensor } from "./sparse_tensor.ts";

/** The rows of `input` that follow each other. */
const UNIT_ENTRIES = { source: { name: "gather/unit_entries", code: unitEntriesCode } };

/** What a matrix is to be gathered for. */
export type GraphGather = Pick<Gather, "input" | "result" | "ending">;

/**
 * Records result_of(A input), by the rows of A: in one dispatch, or in several where it is large or a row
 * very long.
 *
 * @param matrix A.
 * @param rows Those wanted of the result; all unless told. Very long rows are made in any case.
 */
export function recordGraphGather(
  tape: Tape,
  matrix: PackedMatrix | SparseTensor,
  gather: GraphGather,
  rows?: GatheredRows,
): void {
  const { program, gpu } = tape;
  const isPacked = "entries" in matrix;
  const entries = isPacked ? packedEntries(matrix.entries) : graphEntries(matrix);
  const count = isPacked ? matrix.entries.shape[0]! : elementCount(matrix.column.shape);
  const segments = isPacked ? matrix.segments : undefined;
  const own = { ...gather, entries };
  if (segments) recordLongRows(tape, segments, count, own);
  if (segments && !rows) {
    walk(program, segments.rows, segments.longest, count, own);
  } else {
    const longest = segments?.longest ?? segmentLength(count);
    const long = segments ? { mostEntries: SEGMENTS_PER_BLOCK * longest } : {};
    const sharing = { bounds: rowBounds(matrix.rowStart), longest, ...long };
    const whole = wholeRows(gpu, rows ?? everyRow(matrix.rowCount), sharing);
    recordGather(program, { ...own, walk: whole });
  }
}

/** What {@linkcode recordGather} is to do, but for who walks what. */
type WalkedGather = Omit<Gather, "walk">;

/** Records that the rows too long for a workgroup are made: of their pieces. */
function recordLongRows(
  tape: Tape,
  { longest, pieces, pieceCount, longRows }: SegmentTensors,
  entryCount: number,
  gather: WalkedGather,
): void {
  if (pieceCount === 0) return;
  const { program } = tape, { entries, input } = gather;
  const sums = tape.take("sums of pieces", [pieceCount, input.shape[1]!]);
  walk(program, pieces, longest, entryCount, { entries, input, ending: storedIn(sums) });
  walk(program, longRows, longest, pieceCount, { ...gather, entries: UNIT_ENTRIES, input: sums });
  tape.release(sums);
}

/** Records that these segments, of `longest` entries at most and `entryCount` in all, are walked. */
function walk(
  program: Program,
  segments: Tensor,
  longest: number,
  entryCount: number,
  gather: WalkedGather,
): void {
  const perEntry = 2 * gather.input.shape[1]!;
  const blocks = {
    units: segments.shape[0]! / SEGMENTS_PER_BLOCK,
    largestUnit: SEGMENTS_PER_BLOCK * longest * perEntry,
    operations: entryCount * perEntry,
  };
  for (const { first, count } of stretches(blocks)) {
    const begin = SEGMENTS_PER_BLOCK * first, end = begin + SEGMENTS_PER_BLOCK * count;
    recordGather(program, { ...gather, walk: rowSegments(segments, begin, end) });
  }
}
