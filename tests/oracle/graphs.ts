/** Twins of the kernels that gather along graphs. */
import { type Arrays, type Finish, forTouchedRows, type Twin } from "./twin.ts";

export const graphs: Record<string, Twin> = {
  /** a ⊙ base + b ⊙ (A input) */
  propagate(t, { rows, row_end_shift }, { dim4 }, finish) {
    for (let row = 0; row < rows!; row++) {
      propagateRow(t, row, t.row_end![row + row_end_shift!]!, 4 * dim4!, finish);
    }
  },

  /** The same, for touched rows */
  propagate_rows(t, _, { dim4 }, finish) {
    forTouchedRows(
      t,
      (_, row) => propagateRow(t, row, t.row_start![row + 1]!, 4 * dim4!, finish),
    );
  },

  /** The same, with the entries two by two: column, weight, column, weight */
  propagate_image(t, _, { dim4 }, finish) {
    const words = t.entries as Uint32Array;
    const isColumn = (_: number, word: number): boolean => word % 2 === 0;
    const graph = {
      ...t,
      row_start: t.pair_start!.map((pair) => 2 * pair),
      column: words.filter(isColumn),
      value: new Float32Array(words.buffer).filter((_, word) => word % 2 === 1),
    };
    forTouchedRows(
      t,
      (_, row) => propagateRow(graph, row, graph.row_start[row + 1]!, 4 * dim4!, finish),
    );
  },

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
      t.near_end![row] = kept;
      t.reached_end![row] = kept > start || isTouched(row) ? end : start;
    }
  },

  /** output = w base + p (A input) + q input + r earlier */
  polynomial_step(t, params, { dim4 }) {
    const { rows, base_weight, product_weight, input_weight, earlier_weight } = params;
    const dim = dim4! * 4;
    for (let row = 0; row < rows!; row++) {
      for (let j = 0; j < dim; j++) {
        let sum = 0;
        for (let e = t.row_start![row]!; e < t.row_start![row + 1]!; e++) {
          sum += t.value![e]! * t.input![t.column![e]! * dim + j]!;
        }
        const at = row * dim + j;
        const before = earlier_weight === 0 ? 0 : earlier_weight! * t.earlier![at]!;
        t.output![at] = base_weight! * t.base![at]! + product_weight! * sum +
          input_weight! * t.input![at]! + before;
      }
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

  /** output = keep · output + A input */
  sparse_product(t, { rows, keep }, { width4 }) {
    const width = 4 * width4!;
    for (let row = 0; row < rows!; row++) {
      for (let c = 0; c < width; c++) {
        let sum = keep === 1 ? t.output![row * width + c]! : 0;
        for (let e = t.row_start![row]!; e < t.row_start![row + 1]!; e++) {
          sum += t.value![e]! * t.input![t.column![e]! * width + c]!;
        }
        t.output![row * width + c] = sum;
      }
    }
  },
};

/** One row of a ⊙ base + b ⊙ (A input), over its entries up to `end`. */
function propagateRow(t: Arrays, row: number, end: number, dim: number, finish: Finish): void {
  for (let j = 0; j < dim; j++) {
    let sum = 0;
    for (let e = t.row_start![row]!; e < end; e++) {
      sum += t.value![e]! * t.input![t.column![e]! * dim + j]!;
    }
    const at = row * dim + j;
    finish(at, t.weights![j]! * t.base![at]! + t.weights![dim + j]! * sum);
  }
}
