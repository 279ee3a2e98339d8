/**
 * Sparse matrices scaled and added, on the CPU.
 *
 * @module
 */
import type { SparseMatrix, SparsePattern } from "./csr.ts";

/** A matrix with given entries where a pattern has them: `value(row, column)`; 1 unless told. */
export function valued(
  pattern: SparsePattern,
  value: (row: number, column: number) => number = () => 1,
): SparseMatrix {
  const { rowCount, columnCount, rowStart, column } = pattern;
  const values = new Float32Array(column.length);
  for (let row = 0; row < rowCount; row++) {
    for (let entry = rowStart[row]!; entry < rowStart[row + 1]!; entry++) {
      values[entry] = value(row, column[entry]!);
    }
  }
  return { rowCount, columnCount, rowStart, column, value: values };
}

/**
 * Lists of `k` columns for each row as a matrix.
 *
 * @param values Of each place of the lists, of which those above 0 are kept; 1 unless told.
 */
export function listedMatrix(
  ids: Uint32Array,
  k: number,
  columnCount: number,
  values?: ArrayLike<number>,
): SparseMatrix {
  const rowCount = k === 0 ? columnCount : ids.length / k;
  const rowStart = new Uint32Array(rowCount + 1);
  const column = new Uint32Array(ids.length), value = new Float32Array(ids.length);
  let entries = 0;
  for (let row = 0; row < rowCount; row++) {
    const places = Array.from({ length: k }, (_, place) => row * k + place)
      .filter((place) => !values || values[place]! > 0)
      .sort((a, b) => ids[a]! - ids[b]!);
    for (const place of places) {
      column[entries] = ids[place]!;
      value[entries++] = values?.[place] ?? 1;
    }
    rowStart[row + 1] = entries;
  }
  return firstEntries({ rowCount, columnCount, rowStart, column, value }, entries);
}

/** A + weight · B, of matrices of the same size whose columns ascend in each row. */
export function addMatrices(a: SparseMatrix, b: SparseMatrix, weight: number): SparseMatrix {
  const { rowCount, columnCount } = a;
  const rowStart = new Uint32Array(rowCount + 1);
  const most = a.column.length + b.column.length;
  const column = new Uint32Array(most), value = new Float32Array(most);
  let entries = 0;
  for (let row = 0; row < rowCount; row++) {
    let i = a.rowStart[row]!, j = b.rowStart[row]!;
    const aEnd = a.rowStart[row + 1]!, bEnd = b.rowStart[row + 1]!;
    while (i < aEnd || j < bEnd) {
      const fromA = i < aEnd ? a.column[i]! : columnCount;
      const fromB = j < bEnd ? b.column[j]! : columnCount;
      column[entries] = Math.min(fromA, fromB);
      const own = fromA <= fromB ? a.value[i++]! : 0;
      const other = fromB <= fromA ? b.value[j++]! : 0;
      value[entries++] = own + weight * other;
    }
    rowStart[row + 1] = entries;
  }
  return firstEntries({ rowCount, columnCount, rowStart, column, value }, entries);
}

/** A matrix without the room that it did not fill. */
function firstEntries(matrix: SparseMatrix, entries: number): SparseMatrix {
  const { column, value } = matrix;
  return { ...matrix, column: column.slice(0, entries), value: value.slice(0, entries) };
}

/** The sum of all entries, in f64. */
export function sumOfEntries({ value }: SparseMatrix): number {
  return value.reduce((sum, x) => sum + x, 0);
}
