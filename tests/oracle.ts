/**
 * What each kernel computes, in plain loops and f64: one twin per file of kernels/, by its name, with
 * the names of its bindings and parameters. A twin changes the arrays that its kernel writes to.
 */

/** Arrays by binding name; vec4 and vec2 bindings as their flat numbers. */
export type Arrays = Record<string, Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>;
/** Parameters and override constants by name. */
export type Numbers = Record<string, number>;
/** A kernel's twin. */
export type Twin = (tensors: Arrays, params: Numbers, constants: Numbers) => void;

export const oracle: Record<string, Twin> = {
  /** output = a ⊙ base + b ⊙ (A input) */
  propagate(t, { rows, first_row }, { dim4 }) {
    const dim = dim4! * 4;
    for (let row = 0; row < rows!; row++) {
      for (let j = 0; j < dim; j++) {
        let sum = 0;
        for (let e = t.row_start![row]!; e < t.row_start![row + 1]!; e++) {
          sum += t.value![e]! * t.input![(first_row! + t.column![e]!) * dim + j]!;
        }
        const at = (first_row! + row) * dim + j;
        t.output![at] = t.weights![j]! * t.base![at]! + t.weights![dim + j]! * sum;
      }
    }
  },

  /** The same, for rows and neighbours near enough to the batch. */
  propagate_near(t, { rows, row_reach, neighbour_reach }, { dim4 }) {
    const dim = dim4! * 4;
    const isNear = (row: number, reach: number): boolean =>
      reach === 2 || t.near![row]! >= 4 * t.clock![1]! + 3 - reach;
    for (let row = 0; row < rows!; row++) {
      if (!isNear(row, row_reach!)) continue;
      for (let j = 0; j < dim; j++) {
        let sum = 0;
        for (let e = t.row_start![row]!; e < t.row_start![row + 1]!; e++) {
          const neighbour = t.column![e]!;
          if (isNear(neighbour, neighbour_reach!)) {
            sum += t.value![e]! * t.input![neighbour * dim + j]!;
          }
        }
        const at = row * dim + j;
        t.output![at] = t.weights![j]! * t.base![at]! + t.weights![dim + j]! * sum;
      }
    }
  },

  /** near = max(near, 4 · batches + 3 for touched rows, + 2 for their neighbours) */
  mark_near(t) {
    const mark = 4 * t.clock![1]!;
    const raise = (row: number, to: number): void => {
      t.near![row] = Math.max(t.near![row]!, to);
    };
    forTouchedRows(t, (_, row) => {
      raise(row, mark + 3);
      for (let e = t.row_start![row]!; e < t.row_start![row + 1]!; e++) {
        raise(t.column![e]!, mark + 2);
      }
    });
  },

  /** margin_t = ⟨h_u, h_p⟩ − ⟨h_u, h_n⟩ */
  bpr_scores(t, { triples, batch_size }, { dim4 }) {
    const dim = dim4! * 4;
    const first = t.clock![0]! * batch_size!;
    for (let slot = 0; slot < batch_size! && first + slot < triples!; slot++) {
      let margin = 0;
      for (let j = 0; j < dim; j++) {
        const u = t.h![t.user![first + slot]! * dim + j]!;
        const p = t.h![t.positive![first + slot]! * dim + j]!;
        const n = t.h![t.negative![first + slot]! * dim + j]!;
        margin += u * (p - n);
      }
      t.margin![slot] = margin;
    }
  },

  /** coefficient_t = −σ(−margin_t) / T, loss = Σ softplus(−margin_t) */
  bpr_coefficients(t, { triples, batch_size }) {
    const step = t.clock![0]!;
    const size = Math.min(batch_size!, triples! - step * batch_size!);
    let loss = 0;
    for (let slot = 0; slot < size; slot++) {
      const x = t.margin![slot]!;
      t.coefficient![slot] = -1 / (1 + Math.exp(x)) / size;
      loss += Math.max(-x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }
    t.loss![step] = loss;
  },

  /** gradient_r = Σ ± coefficient · h_partner, for touched rows */
  bpr_gradient(t, _, { dim4 }) {
    const dim = dim4! * 4;
    forTouchedRows(t, (place, row) => {
      for (let j = 0; j < dim; j++) {
        let sum = 0;
        for (let e = t.entry_start![place]!; e < t.entry_start![place + 1]!; e++) {
          const slot = t.signed_slot![e]! >> 1;
          const sign = t.signed_slot![e]! & 1 ? -1 : 1;
          sum += sign * t.coefficient![slot]! * t.h![t.partner![e]! * dim + j]!;
        }
        t.gradient![row * dim + j] = sum;
      }
    });
  },

  /** matrix_r = 0, for touched rows */
  clear_rows(t, _, { dim4 }) {
    forTouchedRows(t, (_, row) => t.matrix!.fill(0, row * dim4! * 4, (row + 1) * dim4! * 4));
  },

  /** m, v ← running means; direction = m̂ / (√v̂ + ε) */
  adam_direction(t, params) {
    const { vectors, decay_first, gain_first, decay_second, gain_second, epsilon } = params;
    const [first, second] = t.schedule!.subarray(2 * t.clock![0]!);
    for (let i = 0; i < vectors! * 4; i++) {
      const g = t.gradient![i]!;
      const m = decay_first! * t.first_moment![i]! + gain_first! * g;
      const v = decay_second! * t.second_moment![i]! + gain_second! * g * g;
      t.first_moment![i] = m;
      t.second_moment![i] = v;
      t.direction![i] = m * first! / (Math.sqrt(v * second!) + epsilon!);
    }
  },

  /** parameter = keep · parameter − learning_rate · direction */
  decayed_update(t, { first, vectors, keep, learning_rate }) {
    for (let i = first! * 4; i < (first! + vectors!) * 4; i++) {
      t.parameter![i] = keep! * t.parameter![i]! - learning_rate! * t.direction![i]!;
    }
  },

  /** clock + (1, 1) */
  advance(t) {
    t.clock![0]! += 1;
    t.clock![1]! += 1;
  },

  /** scores[candidate, row] = ⟨query, candidate⟩ */
  scores(t, params) {
    const { first_row, row_count, first_candidate_row, candidate_count, width4 } = params;
    const width = width4! * 4;
    const stride = Math.ceil(row_count! / 8) * 8;
    for (let c = 0; c < candidate_count!; c++) {
      for (let row = 0; row < stride; row++) {
        // Rows that fill up the last group of eight repeat the last query.
        const query = first_row! + Math.min(row, row_count! - 1);
        let sum = 0;
        for (let j = 0; j < width; j++) {
          sum += t.queries![query * width + j]! *
            t.candidates![(first_candidate_row! + c) * width + j]!;
        }
        t.scores![c * stride + row] = sum;
      }
    }
  },

  /** scores[seen, row] = −∞ */
  mask_seen(t, { first_query, row_count, row_stride, first_candidate, candidate_count }) {
    for (let row = 0; row < row_count!; row++) {
      const query = first_query! + row;
      for (let e = t.row_start![query]!; e < t.row_start![query + 1]!; e++) {
        const c = t.column![e]! - first_candidate!;
        if (c >= 0 && c < candidate_count!) t.scores![c * row_stride! + row] = HIDDEN;
      }
    }
  },

  /** best ← the k largest of best and the tile, by score descending, then id ascending */
  top_k(t, { first_query, row_count, row_stride, first_candidate, candidate_count, k }) {
    for (let row = 0; row < row_count!; row++) {
      const first = (first_query! + row) * k!;
      const entries: { score: number; id: number }[] = [];
      for (let place = first; first_candidate! > 0 && place < first + k!; place++) {
        entries.push({ score: t.best_score![place]!, id: t.best_id![place]! });
      }
      for (let c = 0; c < candidate_count!; c++) {
        const score = t.scores![c * row_stride! + row]!;
        if (score > HIDDEN) entries.push({ score, id: first_candidate! + c });
      }
      entries.sort((a, b) => b.score - a.score || a.id - b.id);
      for (let place = 0; place < k!; place++) {
        t.best_score![first + place] = entries[place]?.score ?? HIDDEN;
        t.best_id![first + place] = entries[place]?.id ?? 0xffffffff;
      }
    }
  },

  /** total ← total + Xᵀ X */
  gram(t, { rows, width4 }) {
    const width = width4! * 4;
    for (let i = 0; i < width; i++) {
      for (let j = 0; j < width; j++) {
        let sum = 0;
        for (let row = 0; row < rows!; row++) {
          sum += t.x![row * width + i]! * t.x![row * width + j]!;
        }
        t.total![i * width + j]! += sum;
      }
    }
  },

  /** y ← keep · y + gain · a b */
  product(t, { rows, inner, columns4, keep, gain }) {
    const columns = columns4! * 4;
    for (let row = 0; row < rows!; row++) {
      for (let j = 0; j < columns; j++) {
        let sum = 0;
        for (let k = 0; k < inner!; k++) sum += t.a![row * inner! + k]! * t.b![k * columns + j]!;
        const before = keep === 0 ? 0 : keep! * t.y![row * columns + j]!;
        t.y![row * columns + j] = before + gain! * sum;
      }
    }
  },
};

/** What hides a score, as f32. */
const HIDDEN = Math.fround(-3.4e38);

function forTouchedRows(t: Arrays, visit: (place: number, row: number) => void): void {
  const step = t.clock![0]!;
  for (let place = t.batch_start![step]!; place < t.batch_start![step + 1]!; place++) {
    visit(place, t.row![place]!);
  }
}
