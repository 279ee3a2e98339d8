/**
 * Rows of a sparse matrix dealt out in segments of about equal length, so that what walks them side by side
 * does not wait for the longest row.
 *
 * A row longer than a segment is shared by 2, 4, 8 or 16 of them in one block of 16, which a workgroup walks
 * together and whose sums it adds up. A row too long for a block is first cut into pieces that are not: their
 * sums are rows of another matrix, which the row then adds up.
 *
 * @module
 */
import { highestFirst } from "./counting_sort.ts";
import type { SparsePattern } from "./csr.ts";

/** Segments that a workgroup walks together: the most that share a row. */
export const SEGMENTS_PER_BLOCK = 16;

/** Numbers that make a segment. */
export const SEGMENT_WORDS = 4;

/** Cutting rows any shorter gains nothing: adding up the sums takes as long as a few entries. */
const SHORTEST_CUT = 64;

/** Segments that a large GPU walks at about the same time: cutting finer gains nothing. */
const SIDE_BY_SIDE = 262_144;

/**
 * Segments × 4 numbers: row, first entry, end of the entries, how many segments share the row (a power of
 * two). Those of a row are in one block of 16, whose first row has the most. Segments of no row, which fill
 * up the last block, are four zeros.
 */
export type Segments = Uint32Array<ArrayBuffer>;

/** How a matrix is walked. */
export interface RowSegments {
  /** Those of the rows that fit a block. */
  readonly rows: Segments;
  /** Those of the pieces of other rows, numbered from 0. */
  readonly pieces: Segments;
  /** How many pieces there are. */
  readonly pieceCount: number;
  /** Those of the other rows, whose entries are the pieces. */
  readonly longRows: Segments;
}

/** Rows, and where the entries of each begin and end. */
interface Runs {
  readonly row: Uint32Array;
  readonly first: Uint32Array;
  readonly end: Uint32Array;
}

/** Entries that a segment is to have at most, of so many in all. */
export function segmentLength(entries: number): number {
  return Math.max(SHORTEST_CUT, Math.ceil(entries / SIDE_BY_SIDE));
}

/** Deals out the rows, the longest first, in segments of `longest` entries at most. */
export function dealRows(
  { rowStart }: Pick<SparsePattern, "rowStart">,
  longest: number,
): RowSegments {
  const first = rowStart.subarray(0, -1), end = rowStart.subarray(1);
  const block = SEGMENTS_PER_BLOCK * longest;
  const fits = (row: number): boolean => end[row]! - first[row]! <= block;
  const runsOf = (row: Uint32Array): Runs => ({
    row,
    first: row.map((each) => first[each]!),
    end: row.map((each) => end[each]!),
  });
  const all = first.map((_, row) => row);
  const { pieces, piecesOf } = cutRuns(runsOf(all.filter((row) => !fits(row))), block);
  return {
    rows: dealRuns(runsOf(all.filter(fits)), longest),
    pieces: dealRuns(pieces, longest),
    pieceCount: pieces.row.length,
    longRows: dealRuns(piecesOf, longest),
  };
}

/** Cuts runs into pieces of `longest` entries at most, and tells which pieces each run has. */
function cutRuns({ row, first, end }: Runs, longest: number): { pieces: Runs; piecesOf: Runs } {
  const counts = row.map((_, run) => Math.ceil((end[run]! - first[run]!) / longest));
  const pieceCount = counts.reduce((sum, count) => sum + count, 0);
  const pieces = {
    row: new Uint32Array(pieceCount).map((_, piece) => piece),
    first: new Uint32Array(pieceCount),
    end: new Uint32Array(pieceCount),
  };
  const endPiece = new Uint32Array(row.length);
  let piece = 0;
  for (let run = 0; run < row.length; run++) {
    for (let at = first[run]!; at < end[run]!; at += longest) {
      pieces.first[piece] = at;
      pieces.end[piece++] = Math.min(at + longest, end[run]!);
    }
    endPiece[run] = piece;
  }
  const firstPiece = endPiece.map((each, run) => each - counts[run]!);
  return { pieces, piecesOf: { row, first: firstPiece, end: endPiece } };
}

/** The segments of runs, the longest run first; as powers of two by falling length they keep to their blocks. */
function dealRuns({ row, first, end }: Runs, longest: number): Segments {
  const lengths = end.map((each, run) => each - first[run]!);
  const parts = lengths.map((length) => partsOf(length, longest));
  const count = parts.reduce((sum, each) => sum + each, 0);
  const blocks = Math.ceil(count / SEGMENTS_PER_BLOCK);
  const segments = new Uint32Array(blocks * SEGMENTS_PER_BLOCK * SEGMENT_WORDS);
  let at = 0;
  for (const run of highestFirst(lengths)) {
    const share = Math.ceil(lengths[run]! / parts[run]!);
    for (let part = 0; part < parts[run]!; part++) {
      const begin = Math.min(first[run]! + part * share, end[run]!);
      segments[at++] = row[run]!;
      segments[at++] = begin;
      segments[at++] = Math.min(begin + share, end[run]!);
      segments[at++] = parts[run]!;
    }
  }
  return segments;
}

/** How many segments share a row: 1, 2, 4, 8 or 16. */
function partsOf(length: number, longest: number): number {
  let parts = 1;
  while (parts < SEGMENTS_PER_BLOCK && parts * longest < length) parts *= 2;
  return parts;
}

/** How much room {@linkcode RowSegments} take. */
export type SegmentCounts = Readonly<Record<keyof RowSegments, number>>;

/** What the segments of a matrix take. */
export function countSegments(
  { rows, pieces, pieceCount, longRows }: RowSegments,
): SegmentCounts {
  return {
    rows: rows.length / SEGMENT_WORDS,
    pieces: pieces.length / SEGMENT_WORDS,
    pieceCount,
    longRows: longRows.length / SEGMENT_WORDS,
  };
}

/**
 * What those of any matrix take at most that has so many rows, entries, and entries in a row.
 *
 * @param longest Entries of a segment at most.
 */
export function mostSegments(
  rowCount: number,
  entries: number,
  longestRow: number,
  longest: number,
): SegmentCounts {
  const block = SEGMENTS_PER_BLOCK * longest;
  // A row that is shared has fewer than twice the segments that its length asks for.
  const most = (rows: number, count: number): number =>
    SEGMENTS_PER_BLOCK * Math.ceil((rows + 2 * count / longest) / SEGMENTS_PER_BLOCK);
  const rows = most(rowCount, entries);
  if (longestRow <= block) return { rows, pieces: 0, pieceCount: 0, longRows: 0 };
  const longRows = Math.min(rowCount, Math.floor(entries / block));
  const pieceCount = longRows + Math.floor(entries / block);
  return {
    rows,
    pieces: most(pieceCount, entries),
    pieceCount,
    longRows: most(longRows, pieceCount),
  };
}
