/**
 * Sorting by small whole numbers, such as ids and lengths of rows, in time linear in how many there are.
 *
 * @module
 */

/**
 * The indices in `order`, sorted by their keys; those of equal keys stay as they were.
 *
 * @param key By index: whole numbers from 0, below `keyCount`.
 */
export function sortByKey(
  order: Uint32Array,
  key: ArrayLike<number>,
  keyCount: number,
): Uint32Array<ArrayBuffer> {
  const next = runStarts(order, key, keyCount);
  const sorted = new Uint32Array(order.length);
  for (const index of order) sorted[next[key[index]!]!++] = index;
  return sorted;
}

/** Where the run of each key starts once `order` is sorted by it; one more entry for the end. */
export function runStarts(
  order: Uint32Array,
  key: ArrayLike<number>,
  keyCount: number,
): Uint32Array<ArrayBuffer> {
  const starts = new Uint32Array(keyCount + 1);
  for (const index of order) starts[key[index]! + 1]!++;
  for (let each = 0; each < keyCount; each++) starts[each + 1]! += starts[each]!;
  return starts;
}

/** 0, 1, 2, …, `count` of them. */
export function indicesBelow(count: number): Uint32Array<ArrayBuffer> {
  return new Uint32Array(count).map((_, index) => index);
}

/** The indices of some counts, that of the highest count first; of equal counts the lower index. */
export function highestFirst(counts: Uint32Array): Uint32Array<ArrayBuffer> {
  const highest = counts.reduce((most, count) => Math.max(most, count), 0);
  const below = counts.map((count) => highest - count);
  return sortByKey(indicesBelow(counts.length), below, highest + 1);
}
