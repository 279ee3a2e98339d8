/** Twins of the kernels of graphs that are no gathers. */
import { forTouchedRows, type Twin } from "./twin.ts";

export const graphs: Record<string, Twin> = {
  /** mark = batches + 1, for touched rows */
  mark_batch(t) {
    forTouchedRows(t, (_, row) => t.mark![row] = t.clock![1]! + 1);
  },

  /** Entries with a marked column, moved to the front of their rows; where rows near the batch end */
  graph_near_batch(t, { rows }) {
    const isTouched = (row: number): boolean => t.mark![row] === t.clock![1]! + 1;
    for (let row = 0; row < rows!; row++) {
      const start = t.row_start![row]!, end = t.row_start![row + 1]!;
      let kept = start;
      for (let e = start; e < end; e++) {
        if (!isTouched(t.column![e]!)) continue;
        t.near_column![kept] = t.column![e]!;
        t.near_value![kept++] = t.value![e]!;
      }
      const isNear = kept > start || isTouched(row);
      t.near_range!.set([start, kept], 2 * row);
      t.reached_range!.set([start, isNear ? end : start], 2 * row);
    }
  },

  /** output_r = [ low_r | alpha base_r − low_r ] */
  frequency_bands(t, { vectors, alpha }, { dim4 }) {
    const dim = dim4! * 4;
    for (let i = 0; i < 4 * vectors!; i++) {
      const at = Math.floor(i / dim) * 2 * dim + i % dim;
      t.output![at] = t.low![i]!;
      t.output![at + dim] = alpha! * t.base![i]! - t.low![i]!;
    }
  },

  /** low_gradient_r = g_r − h_r, base_gradient_r = alpha h_r */
  frequency_bands_adjoint(t, { vectors, alpha }, { dim4 }) {
    const dim = dim4! * 4;
    for (let i = 0; i < 4 * vectors!; i++) {
      const at = Math.floor(i / dim) * 2 * dim + i % dim;
      t.low_gradient![i] = t.gradient![at]! - t.gradient![at + dim]!;
      t.base_gradient![i] = alpha! * t.gradient![at + dim]!;
    }
  },
};
