/**
 * The transpose of neighbour lists of equal length: for each item, the lists that name it.
 *
 * @module
 */

/** The transpose of a graph; entries of a row come in the order of the lists. */
export interface NeighbourTranspose {
  /** Offsets, rows + 1. */
  readonly rowStart: Uint32Array<ArrayBuffer>;
  /** Per entry, the row whose list it came from. */
  readonly column: Uint32Array<ArrayBuffer>;
  /** Per entry, its index in the concatenated lists. */
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
