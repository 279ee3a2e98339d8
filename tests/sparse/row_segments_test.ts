/** Rows dealt out in segments: every entry once, in blocks that hold whole rows, none much longer than others. */
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import {
  countSegments,
  dealRows,
  mostSegments,
  segmentLength,
  type Segments,
  SEGMENTS_PER_BLOCK,
} from "../../src/sparse/row_segments.ts";
import { createRandom, uniformBelow } from "../../src/random.ts";

const random = createRandom(51);

/** The offsets of rows of these lengths. */
function matrixOf(lengths: readonly number[]) {
  const rowStart = new Uint32Array(lengths.length + 1);
  lengths.forEach((length, row) => rowStart[row + 1] = rowStart[row]! + length);
  return { rowStart };
}

/** Lengths of which some are zero and a few are long. */
const someLengths = (rows: number, most: number) =>
  Array.from({ length: rows }, () => uniformBelow(random, uniformBelow(random, most) + 1));

/** Segments as objects. */
const listOf = (segments: Segments) =>
  Array.from({ length: segments.length / 4 }, (_, number) => {
    const [row, first, end, parts] = segments.subarray(4 * number);
    return { number, row: row!, first: first!, end: end!, parts: parts! };
  });

/** Checks what kernels/gather/row_segments.wgsl relies on, and returns each row's bounds. */
function boundsOf(segments: Segments): Map<number, [first: number, end: number]> {
  const bounds = new Map<number, [number, number]>();
  let before = SEGMENTS_PER_BLOCK;
  for (const { number, row, first, end, parts } of listOf(segments)) {
    if (parts === 0) {
      assertEquals([row, first, end], [0, 0, 0]);
      before = 0;
      continue;
    }
    assertEquals([1, 2, 4, 8, 16].includes(parts), true);
    assertLessOrEqual(parts, before); // so that a block's first segment has the most parts
    assertLessOrEqual(first, end);
    before = parts;
    const known = bounds.get(row);
    assertEquals(known === undefined, number % parts === 0);
    if (known) assertEquals(first, known[1]);
    bounds.set(row, [known?.[0] ?? first, end]);
  }
  assertEquals(segments.length % (4 * SEGMENTS_PER_BLOCK), 0);
  return bounds;
}

const cases: [name: string, lengths: number[], longest: number][] = [
  ["no rows", [], 4],
  ["one empty row", [0], 4],
  ["rows of a segment", [4, 4, 3], 4],
  ["one entry more than a segment, and than a block", [5, 64, 65, 0], 4],
  ["many rows", someLengths(500, 90), 4],
  ["many rows and short segments", someLengths(300, 200), 1],
  ["a row of most entries", [1, 3000, 2], 8],
];

for (const [name, lengths, longest] of cases) {
  Deno.test(`each entry is in one segment: ${name}`, () => {
    const matrix = matrixOf(lengths), { rowStart } = matrix;
    const dealt = dealRows(matrix, longest);
    const rows = boundsOf(dealt.rows), longRows = boundsOf(dealt.longRows);
    const pieces = boundsOf(dealt.pieces);
    assertEquals(pieces.size, dealt.pieceCount);
    assertEquals(rows.size + longRows.size, lengths.length);
    const block = SEGMENTS_PER_BLOCK * longest;
    lengths.forEach((length, row) => {
      const expected: [number, number] = [rowStart[row]!, rowStart[row + 1]!];
      if (length <= block) {
        assertEquals(rows.get(row), expected);
        return;
      }
      const [firstPiece, endPiece] = longRows.get(row)!;
      let at = expected[0];
      for (let piece = firstPiece; piece < endPiece; piece++) {
        const [first, end] = pieces.get(piece)!;
        assertEquals(first, at);
        assert(end - first > 0 && end - first <= block);
        at = end;
      }
      assertEquals(at, expected[1]);
    });
    for (const { first, end } of [...listOf(dealt.rows), ...listOf(dealt.pieces)]) {
      assertLessOrEqual(end - first, longest);
    }
  });

  Deno.test(`there is room for any other matrix of that size: ${name}`, () => {
    const entries = lengths.reduce((sum, length) => sum + length, 0);
    const longestRow = Math.max(0, ...lengths);
    const room = mostSegments(lengths.length, entries, longestRow, longest);
    // As they are, and with the entries put together in as few rows as may be.
    const together = lengths.map((_, row) =>
      Math.max(0, Math.min(longestRow, entries - row * longestRow))
    );
    for (const some of [lengths, together]) {
      const { rows, pieces, pieceCount, longRows } = countSegments(
        dealRows(matrixOf(some), longest),
      );
      assertLessOrEqual(rows, room.rows);
      assertLessOrEqual(pieces, room.pieces);
      assertLessOrEqual(pieceCount, room.pieceCount);
      assertLessOrEqual(longRows, room.longRows);
    }
  });
}

Deno.test("the longest rows come first, those as long as they were", () => {
  const { rows } = dealRows(matrixOf([2, 9, 2, 30]), 8);
  const order = listOf(rows).filter(({ parts }) => parts > 0).map(({ row }) => row);
  assertEquals(order, [3, 3, 3, 3, 1, 1, 0, 2]);
});

Deno.test("segments are of 64 entries, and longer where there are more than many", () => {
  assertEquals([0, 237_102, 2 ** 24, 40_000_000].map(segmentLength), [64, 64, 64, 153]);
});
