/**
 * Compressed sparse rows (CSR), on the CPU.
 *
 * @module
 */

/** A 0/1 matrix: row `r` holds the columns `column[rowStart[r] .. rowStart[r + 1])`, ascending. */
export interface SparsePattern {
  /** Number of rows. */
  readonly rowCount: number;
  /** Number of columns; every entry of `column` is below it. */
  readonly columnCount: number;
  /** `rowCount + 1` offsets into `column`. */
  readonly rowStart: Uint32Array<ArrayBuffer>;
  /** Column ids, row after row. */
  readonly column: Uint32Array<ArrayBuffer>;
}

/** A sparse matrix: a pattern with one value per entry. */
export interface SparseMatrix extends SparsePattern {
  /** Entries, aligned with `column`. */
  readonly value: Float32Array<ArrayBuffer>;
}

/** The pattern with the given (row, column) pairs, in any order, no pair twice. */
export function patternOf(
  rowCount: number,
  columnCount: number,
  pairs: Iterable<readonly [row: number, column: number]>,
): SparsePattern {
  const rows = Array.from({ length: rowCount }, (): number[] => []);
  for (const [row, column] of pairs) rows[row]!.push(column);
  const rowStart = new Uint32Array(rowCount + 1);
  rows.forEach((row, r) => rowStart[r + 1] = rowStart[r]! + row.length);
  return {
    rowCount,
    columnCount,
    rowStart,
    column: Uint32Array.from(rows.flatMap((row) => row.sort((a, b) => a - b))),
  };
}

/** The pattern whose row `r` holds `columns[r]` alone. */
export function onePerRow(columns: ArrayLike<number>, columnCount: number): SparsePattern {
  return {
    rowCount: columns.length,
    columnCount,
    rowStart: Uint32Array.from({ length: columns.length + 1 }, (_, row) => row),
    column: Uint32Array.from(columns),
  };
}

/** The identity pattern: what hides every row from its own list. */
export function diagonal(count: number): SparsePattern {
  return onePerRow(Uint32Array.from({ length: count }, (_, row) => row), count);
}

/** Entries of each row. */
export function rowLengths(
  { rowStart }: Pick<SparsePattern, "rowStart">,
): Uint32Array<ArrayBuffer> {
  return rowStart.subarray(1).map((end, row) => end - rowStart[row]!);
}

/** Entries of each column: how many users each item has in a pattern of users × items. */
export function columnCounts(
  { column, columnCount }: Pick<SparsePattern, "column" | "columnCount">,
): Uint32Array<ArrayBuffer> {
  const counts = new Uint32Array(columnCount);
  for (const each of column) counts[each]!++;
  return counts;
}

/** The columns of one row, a view. */
export function rowOf({ rowStart, column }: SparsePattern, row: number): Uint32Array<ArrayBuffer> {
  return column.subarray(rowStart[row], rowStart[row + 1]);
}

/** The values of one row, a view. */
export function valuesOf(
  { rowStart, value }: SparseMatrix,
  row: number,
): Float32Array<ArrayBuffer> {
  return value.subarray(rowStart[row], rowStart[row + 1]);
}

/** The transpose, rows again in ascending order. */
export function transpose(matrix: SparseMatrix): SparseMatrix {
  const { rowCount, columnCount, rowStart, column, value } = matrix;
  const start = new Uint32Array(columnCount + 1);
  for (const c of column) start[c + 1]!++;
  for (let c = 0; c < columnCount; c++) start[c + 1]! += start[c]!;
  const next = start.slice(0, columnCount);
  const rows = new Uint32Array(column.length);
  const values = new Float32Array(column.length);
  for (let row = 0; row < rowCount; row++) {
    for (let entry = rowStart[row]!; entry < rowStart[row + 1]!; entry++) {
      const place = next[column[entry]!]!++;
      rows[place] = row;
      values[place] = value[entry]!;
    }
  }
  return {
    rowCount: columnCount,
    columnCount: rowCount,
    rowStart: start,
    column: rows,
    value: values,
  };
}
