/**
 * The nearest items of every item in one modality, ranked by cosine: what the similarity graph S is
 * built from.
 *
 * @module
 */

import { InputError } from "../input_error.ts";
import type { Source } from "../files/source.ts";
import { indicesBelow, runStarts, sortByKey } from "../sparse/counting_sort.ts";
import { finiteNumber, linePlace, readTable, wholeNumber } from "./number_table.ts";

/** One ranked list of neighbours per item, the item itself left out. */
export interface NeighbourLists {
  /** The file, or what stands for it in messages. */
  readonly source: string;
  /** Number of lists. */
  readonly itemCount: number;
  /** Length of the shortest list: the largest `k` that `nearest` can answer. */
  readonly limit: number;
  /**
   * The `k` nearest of every item, itemCount x k, row-major, best first; ties go to the lower id.
   *
   * @throws {InputError} Some item has fewer than `k` neighbours.
   */
  readonly nearest: (k: number) => Uint32Array<ArrayBuffer>;
  /** Their similarities, likewise. */
  readonly cosines: (k: number) => Float32Array<ArrayBuffer>;
}

/** (item, neighbour, cosine) rows, in any order. */
export interface NeighbourRows {
  /** The file, or what stands for it in messages. */
  readonly source?: string;
  /** Item id of each row. */
  readonly item: ArrayLike<number>;
  /** The neighbour's id; rows that name the item itself are passed over. */
  readonly neighbour: ArrayLike<number>;
  /** Their similarity. */
  readonly cosine: ArrayLike<number>;
  /** Where row `index` was read, for messages. */
  readonly place?: (index: number) => string;
}

/**
 * Reads a tab-separated file with columns `item`, `neighbor`, `cos`.
 *
 * @throws {InputError} A row is wrong, as the table reader tells.
 */
export async function readNeighbourRows(source: Source, name: string): Promise<NeighbourRows> {
  const { item, neighbor, cos } = await readTable(source, name, "\t", {
    item: wholeNumber,
    neighbor: wholeNumber,
    cos: finiteNumber,
  });
  return {
    source: `${source.path}/${name}`,
    item,
    neighbour: neighbor,
    cosine: cos,
    place: linePlace(source, name),
  };
}

/**
 * Ranks the neighbours of every item.
 *
 * @throws {InputError} Columns differ in length, an id is out of range, a cosine is not finite, a pair is
 * repeated, or an item has no neighbour.
 */
export function rankNeighbours(itemCount: number, rows: NeighbourRows): NeighbourLists {
  const { source = "neighbours", item, neighbour, cosine } = rows;
  const lengths = [item.length, neighbour.length, cosine.length];
  if (new Set(lengths).size > 1) {
    throw new InputError(`${source}: columns differ in length (${lengths.join(", ")}).`);
  }
  const place = rows.place ?? ((index) => `${source}, row ${index + 1}`);
  requireRows(rows, itemCount, place);
  const others = indicesBelow(item.length).filter((index) => item[index] !== neighbour[index]);
  const order = sortByKey(others, item, itemCount);
  const start = runStarts(others, item, itemCount);
  const { item: poorest, length: limit } = shortestList(start);
  if (limit === 0) throw new InputError(`${source} lists no neighbour of item ${poorest}.`);
  for (let each = 0; each < itemCount; each++) {
    order.subarray(start[each], start[each + 1])
      .sort((a, b) => cosine[b]! - cosine[a]! || neighbour[a]! - neighbour[b]!);
  }
  requireDistinctNeighbours(order, rows, itemCount, place);
  /** The rows with the `k` nearest of every item. */
  const nearestRows = (k: number): Uint32Array<ArrayBuffer> => {
    if (k > limit) {
      throw new InputError(
        `${source} lists ${limit} neighbours of item ${poorest}, but ${k} are asked for.`,
      );
    }
    const result = new Uint32Array(itemCount * k);
    for (let each = 0; each < itemCount; each++) {
      const from = start[each]!;
      result.set(order.subarray(from, from + k), each * k);
    }
    return result;
  };
  return {
    source,
    itemCount,
    limit,
    nearest: (k) => nearestRows(k).map((row) => neighbour[row]!),
    cosines: (k) => Float32Array.from(nearestRows(k), (row) => cosine[row]!),
  };
}

function requireRows(
  { item, neighbour, cosine }: NeighbourRows,
  itemCount: number,
  place: (index: number) => string,
): void {
  for (let index = 0; index < item.length; index++) {
    for (const [name, id] of [["item", item[index]!], ["neighbor", neighbour[index]!]] as const) {
      if (!(Number.isInteger(id) && id >= 0 && id < itemCount)) {
        throw new InputError(
          `${place(index)}: ${name} ${id} is not one of the ${itemCount} items, counted from 0.`,
        );
      }
    }
    if (!Number.isFinite(cosine[index])) {
      throw new InputError(`${place(index)}: cos ${cosine[index]} is not a finite number.`);
    }
  }
}

function shortestList(start: Uint32Array): { item: number; length: number } {
  const lengthOf = (item: number) => start[item + 1]! - start[item]!;
  let shortest = 0;
  for (let item = 1; item + 1 < start.length; item++) {
    if (lengthOf(item) < lengthOf(shortest)) shortest = item;
  }
  return { item: shortest, length: lengthOf(shortest) };
}

function requireDistinctNeighbours(
  order: Uint32Array,
  { item, neighbour }: NeighbourRows,
  itemCount: number,
  place: (index: number) => string,
): void {
  const lastRow = new Int32Array(itemCount).fill(-1);
  for (const index of order) {
    const id = neighbour[index]!;
    const earlier = lastRow[id]!;
    if (earlier >= 0 && item[earlier] === item[index]) {
      throw new InputError(
        `${place(Math.max(index, earlier))}: neighbor ${id} of item ${item[index]} ` +
          `was given already, in ${place(Math.min(index, earlier))}.`,
      );
    }
    lastRow[id] = index;
  }
}
