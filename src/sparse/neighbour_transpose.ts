/**
 * Who has whom as a neighbour: the transpose of lists of equal length.
 *
 * @module
 */

/** The transpose of a graph; entries of a row come in the order of the lists. */
export interface NeighbourTranspose {
  /** Offsets, rows + 1. */
  readonly rowStart: Uint32Array<ArrayBuffer>;
  /** Of each entry, the row of the list that it is in. */
  readonly column: Uint32Array<ArrayBuffer>;
  /** Of each entry, its place among all lists. */
  readonly entry: Uint32Array<ArrayBuffer>;
}

/** Transposes `rows` lists of equal length, given one after the other; each holds rows. */
export function transposeNeighbours(lists: Uint32Array, rows: number): NeighbourTranspose {
  const degree = lists.length / rows;
  const rowStart = new Uint32Array(rows + 1);
  for (const neighbour of lists) rowStart[neighbour + 1]!++;
  for (let row = 0; row < rows; row++) rowStart[row + 1]! += rowStart[row]!;
  const next = rowStart.slice(0, rows);
  const column = new Uint32Array(lists.length);
  const entry = new Uint32Array(lists.length);
  lists.forEach((neighbour, place) => {
    const back = next[neighbour]!++;
    column[back] = Math.floor(place / degree);
    entry[back] = place;
  });
  return { rowStart, column, entry };
}
