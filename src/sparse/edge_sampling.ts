/**
 * Samples of a graph's edges, without replacement, where edges of busy nodes are kept less often.
 *
 * @module
 */
import { quickselect } from "d3-array";
import { type RandomSource, uniformReal } from "../random.ts";
import type { SparsePattern } from "./csr.ts";

/** 1 / √(d_r d_c) for each entry (r, c), with d the lengths of rows and columns. */
export function edgeWeights({ rowStart, column, columnCount }: SparsePattern): Float64Array {
  const columnLength = new Uint32Array(columnCount);
  for (const c of column) columnLength[c]!++;
  const weights = new Float64Array(column.length);
  for (let row = 0; row + 1 < rowStart.length; row++) {
    const from = rowStart[row]!, to = rowStart[row + 1]!;
    for (let entry = from; entry < to; entry++) {
      weights[entry] = 1 / Math.sqrt((to - from) * columnLength[column[entry]!]!);
    }
  }
  return weights;
}

/**
 * `count` of the entries, drawn one after the other with probabilities in proportion to the weights: those
 * with the smallest −log(u) / weight, u uniform (Efraimidis & Spirakis, "Weighted random sampling with a
 * reservoir", IPL 2006).
 *
 * @param weights Above 0, one per entry.
 */
export function sampleEdges(
  pattern: SparsePattern,
  weights: Float64Array,
  count: number,
  random: RandomSource,
): SparsePattern {
  const keys = weights.map((weight) => -Math.log(1 - uniformReal(random)) / weight);
  // Among equal keys, which 53 random bits hardly give, the first ones stay.
  const largest = quickselect(keys.slice(), count - 1)[count - 1]!;
  let ties = count - keys.reduce((below, key) => below + Number(key < largest), 0);
  return keepEntries(pattern, (entry) => {
    const key = keys[entry]!;
    return key < largest || (key === largest && ties-- > 0);
  });
}

/** The pattern of the entries for which `keeps` returns true; it is called for each in order. */
function keepEntries(
  { rowCount, columnCount, rowStart, column }: SparsePattern,
  keeps: (entry: number) => boolean,
): SparsePattern {
  const start = new Uint32Array(rowCount + 1);
  const kept = new Uint32Array(column.length);
  let count = 0;
  for (let row = 0; row < rowCount; row++) {
    for (let entry = rowStart[row]!; entry < rowStart[row + 1]!; entry++) {
      if (keeps(entry)) kept[count++] = column[entry]!;
    }
    start[row + 1] = count;
  }
  return { rowCount, columnCount, rowStart: start, column: kept.slice(0, count) };
}
