/**
 * What each kernel computes, in plain loops and f64: one twin per file of kernels/, by its name, with
 * the names of its bindings and parameters. A twin changes the arrays that its kernel writes to, or gives
 * each number of its result to that of an ending.
 */

/** Arrays by binding name; vec4 and vec2 bindings as their flat numbers. */
export type Arrays = Record<string, Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>;
/** Parameters and override constants by name. */
export type Numbers = Record<string, number>;
/** What is done with a number of a result, at its place in it. */
export type Finish = (at: number, result: number) => void;
/** A kernel's twin. */
export type Twin = (tensors: Arrays, params: Numbers, constants: Numbers, finish: Finish) => void;

/** The twins of kernels/endings. */
export const endings: Record<string, (tensors: Arrays, constants: Numbers) => Finish> = {
  /** output = result */
  store: (t) => (at, result) => {
    t.output![at] = result;
  },

  /** total + result */
  add: (t) => (at, result) => {
    t.total![at]! += result;
  },

  /** m, v ← running means; parameter = keep · parameter − learning_rate · m̂ / (√v̂ + ε), or m̂ / (√v̂ + ε) */
  adam_step: (t, constants) => {
    const { decay_first, gain_first, decay_second, gain_second, epsilon } = constants;
    const { l2, keep, learning_rate, smoothed_from } = constants;
    const [correctFirst, correctSecond] = t.schedule!.subarray(2 * t.clock![0]!);
    return (at, result) => {
      const g = result + l2! * t.parameter![at]!;
      const m = decay_first! * t.first_moment![at]! + gain_first! * g;
      const v = decay_second! * t.second_moment![at]! + gain_second! * g * g;
      t.first_moment![at] = m;
      t.second_moment![at] = v;
      const direction = m * correctFirst! / (Math.sqrt(v * correctSecond!) + epsilon!);
      const beyond = at - 4 * smoothed_from!;
      if (beyond < 0) t.parameter![at] = keep! * t.parameter![at]! - learning_rate! * direction;
      else t.direction![beyond] = direction;
    };
  },

  /** parameter = keep · parameter − learning_rate · result, from `first` on */
  decayed_update: (t, { first, keep, learning_rate }) => (at, result) => {
    const i = 4 * first! + at;
    t.parameter![i] = keep! * t.parameter![i]! - learning_rate! * result;
  },
};

export const oracle: Record<string, Twin> = {
  /** A result that is there already */
  each_vector(t, { vectors }, _, finish) {
    t.result!.subarray(0, 4 * vectors!).forEach((result, at) => finish(at, result));
  },

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

  /** term = −mean log(γ + σ(margin_t)), coefficient_t = weight · dterm/dmargin_t */
  bpr_coefficients(t, { triples, batch_size, gamma, weight, term, term_count }) {
    const step = t.clock![0]!;
    const size = Math.min(batch_size!, triples! - step * batch_size!);
    let loss = 0;
    for (let slot = 0; slot < size; slot++) {
      const x = t.margin![slot]!;
      const inFavour = 1 / (1 + Math.exp(-x)), against = 1 / (1 + Math.exp(x));
      // 0 / 0 where σ vanishes and nothing is added: without γ the quotient is 1.
      const shrunk = gamma === 0 ? 1 : inFavour / (gamma! + inFavour);
      t.coefficient![slot] = -weight! * against * shrunk / size;
      loss += gamma === 0
        ? Math.max(-x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
        : -Math.log(gamma! + inFavour);
    }
    t.terms![step * term_count! + term!] = loss / size;
  },

  /** gradient_r += Σ ± coefficient · h_partner, for touched rows */
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
        t.gradient![row * dim + j]! += sum;
      }
    });
  },

  /** output_(block · B + t) = table_(list_t − first_row), 0 beyond the batch */
  gather_rows(t, { triples, batch_size, width, first_row, block }) {
    for (let slot = 0; slot < batch_size!; slot++) {
      const triple = t.clock![0]! * batch_size! + slot;
      for (let c = 0; c < width!; c++) {
        t.output![(block! * batch_size! + slot) * width! + c] = triple < triples!
          ? t.table![(t.list![triple]! - first_row!) * width! + c]!
          : 0;
      }
    }
  },

  /** gradient_(r − first_row) += Σ gathered_(block · B + t) over the places t that name row r */
  gather_rows_adjoint(t, params) {
    const { batch_size, width, first_row, rows, users } = params;
    forTouchedRows(t, (place, row) => {
      const r = row - first_row!;
      if (r < 0 || r >= rows!) return;
      for (let e = t.entry_start![place]!; e < t.entry_start![place + 1]!; e++) {
        const slot = t.signed_slot![e]! >> 1, minus = (t.signed_slot![e]! & 1) === 1;
        // A user's entries come in pairs, one for the positive and one for the negative item.
        if (row < users! && minus) continue;
        const item = minus ? params.negative_block! : params.positive_block!;
        const block = row < users! ? params.user_block! : item;
        if (block === 0xffffffff) continue;
        for (let c = 0; c < width!; c++) {
          t.gradient![r * width! + c]! += t.gathered![(block * batch_size! + slot) * width! + c]!;
        }
      }
    });
  },

  /** partial_(slot + w) = Σ x_i² over the w-th of 32 parts of [first, first + elements) */
  sum_squares(t, { first, elements, slot }) {
    const parts = 32, part = Math.ceil(elements! / parts);
    for (let w = 0; w < parts; w++) {
      let sum = 0;
      for (let i = w * part; i < Math.min((w + 1) * part, elements!); i++) {
        sum += t.x![first! + i]! ** 2;
      }
      t.part_sum![slot! + w] = sum;
    }
  },

  /** norm_r = √Σ_w partial_(r, w), term = Σ_r norm_r / divisor; squared: 1, and Σ_r norm_r² / 2 divisor */
  norm_penalty(t, { ranges, parts, squared, divisor, triples, batch_size, term, term_count }) {
    const step = t.clock![0]!;
    const length = Math.min(batch_size!, triples! - step * batch_size!);
    let sum = 0;
    for (let range = 0; range < ranges!; range++) {
      let squares = 0;
      for (let w = 0; w < parts!; w++) squares += t.part_sum![range * parts! + w]!;
      t.norm![range] = squared ? 1 : Math.sqrt(squares);
      sum += squared ? squares / 2 : Math.sqrt(squares);
    }
    t.terms![step * term_count! + term!] = sum / (divisor || length);
  },

  /** gradient += weight / divisor · x / norm_range, over [first, first + elements) */
  norm_penalty_adjoint(t, { range, first, elements, weight, divisor, triples, batch_size }) {
    const length = Math.min(batch_size!, triples! - t.clock![0]! * batch_size!);
    const norm = t.norm![range!]!;
    for (let i = first!; norm > 0 && i < first! + elements!; i++) {
      t.gradient![i]! += weight! / (divisor || length) * t.x![i]! / norm;
    }
  },

  /** clock + (1, 1) */
  advance(t) {
    t.next_clock![0]! += 1;
    t.next_clock![1]! += 1;
  },

  /** scores[candidate, row] = ⟨query, candidate⟩ */
  scores(t, params) {
    const { first_row, row_count, first_candidate_row, candidate_count, width4 } = params;
    makeScores(t, [first_row!, row_count!], [first_candidate_row!, candidate_count!], width4!);
  },

  /** The same, of all vectors of two images */
  scores_image(t, { row_count, candidate_count }, { width4 }) {
    makeScores(t, [0, row_count!], [0, candidate_count!], width4!);
  },

  /** scores[seen, row] = −∞ */
  mask_seen(t, { first_query, row_count, row_stride, first_candidate, candidate_count }) {
    for (let row = 0; row < row_count!; row++) {
      const query = first_query! + row;
      for (let e = t.row_start![query]!; e < t.row_start![query + 1]!; e++) {
        const c = t.column![e]! - first_candidate!;
        if (c >= 0 && c < candidate_count!) t.scores![scoreAt(c, row, row_stride!)] = HIDDEN;
      }
    }
  },

  /** scores[c, row] = −∞ unless c comes after what the row's list ends with; in whole fours of c */
  mask_ranked(t, { first_query, row_count, row_stride, first_candidate, candidate_count }) {
    for (let row = 0; row < row_count!; row++) {
      const last = t.last_score![first_query! + row]!, lastId = t.last_id![first_query! + row]!;
      for (let c = 0; c < 4 * Math.ceil(candidate_count! / 4); c++) {
        const at = scoreAt(c, row, row_stride!);
        const score = t.scores![at]!, id = first_candidate! + c;
        if (!(score < last || (score === last && id > lastId))) t.scores![at] = HIDDEN;
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
        const score = t.scores![scoreAt(c, row, row_stride!)]!;
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

  /** output_i = source_(place_i) */
  gather_elements(t, { elements }) {
    for (let i = 0; i < elements!; i++) t.output![i] = t.source![t.place![i]!]!;
  },

  /** column_(i, first + s) = id_(i, s), i itself where there is none */
  place_neighbours(t, { rows, k, degree, first }) {
    for (let i = 0; i < rows!; i++) {
      for (let s = 0; s < k!; s++) {
        const id = t.id![i * k! + s]!;
        t.column![i * degree! + first! + s] = id === 0xffffffff ? i : id;
      }
    }
  },

  /** output_e = ⟨a_i, b_j⟩ for the entries e = (i, j) of a block, or added to it */
  sampled_product(t, { rows, degree, first, count, keep }, { dim4 }) {
    const dim = dim4! * 4;
    for (let i = 0; i < rows!; i++) {
      for (let e = i * degree! + first!; e < i * degree! + first! + count!; e++) {
        let sum = keep === 1 ? t.output![e]! : 0;
        for (let c = 0; c < dim; c++) sum += t.a![i * dim + c]! * t.b![t.column![e]! * dim + c]!;
        t.output![e] = sum;
      }
    }
  },

  /** x_gradient = (G + Gᵀ) x over the entries of a block */
  neighbour_cosines_adjoint(t, { rows, degree, first, count }, { dim4 }) {
    const dim = dim4! * 4;
    const sums = new Float64Array(rows! * dim);
    for (let i = 0; i < rows!; i++) {
      for (let e = i * degree! + first!; e < i * degree! + first! + count!; e++) {
        const j = t.column![e]!;
        for (let c = 0; c < dim; c++) {
          sums[i * dim + c]! += t.gradient![e]! * t.x![j * dim + c]!;
          sums[j * dim + c]! += t.gradient![e]! * t.x![i * dim + c]!;
        }
      }
    }
    t.x_gradient!.set(sums);
  },

  /** scale_i = (Σ_m share_m Σ_s similarity_(i, m, s))^−½ over the learned half, 0 unless above 0 */
  neighbour_scales(t, { rows, modalities, k }) {
    for (let i = 0; i < rows!; i++) {
      let sum = 0;
      for (let m = 0; m < modalities!; m++) {
        for (let s = 0; s < k!; s++) {
          sum += t.share![m]! * t.similarity![(i * 2 * modalities! + m) * k! + s]!;
        }
      }
      t.scale![i] = sum > 0 ? 1 / Math.sqrt(sum) : 0;
    }
  },

  /** value = (1 − λ) share · similarity · scale_i · scale_j, or λ share · similarity */
  neighbour_weights(t, { rows, modalities, k, learned_part }) {
    forNeighbours({ rows: rows!, modalities: modalities!, k: k! }, (e, i, modality, learned) => {
      const mixed = t.share![modality]! * t.similarity![e]!;
      t.value![e] = learned
        ? learned_part! * mixed * t.scale![i]! * t.scale![t.column![e]!]!
        : (1 - learned_part!) * mixed;
    });
  },

  /** sum_gradient_i = −½ scale_i² Σ gradient · value, over the learned entries of row and column i */
  neighbour_scales_adjoint(t, { rows, degree, learned }) {
    for (let i = 0; i < rows!; i++) {
      let sum = 0;
      const visit = (e: number): void => {
        if (e % degree! < learned!) sum += t.gradient![e]! * t.value![e]!;
      };
      for (let e = i * degree!; e < (i + 1) * degree!; e++) visit(e);
      t.back_entry!.subarray(t.back_start![i]!, t.back_start![i + 1]!).forEach(visit);
      t.sum_gradient![i] = -0.5 * t.scale![i]! ** 2 * sum;
    }
  },

  /** w = dLoss/d(share · similarity); similarity_gradient = share · w, share_part = Σ_s w · similarity */
  neighbour_weights_adjoint(t, { rows, modalities, k, learned_part }) {
    const parts = new Float64Array(rows! * modalities!);
    forNeighbours({ rows: rows!, modalities: modalities!, k: k! }, (e, i, modality, learned) => {
      const normalised = t.scale![i]! * t.scale![t.column![e]!]!;
      const w = learned
        ? learned_part! * t.gradient![e]! * normalised + t.sum_gradient![i]!
        : (1 - learned_part!) * t.gradient![e]!;
      t.similarity_gradient![e] = t.share![modality]! * w;
      parts[i * modalities! + modality]! += w * t.similarity![e]!;
    });
    t.share_part!.set(parts);
  },

  /** C_part = keep · C_part + Σ_k A_ik B_kj over the part's k, + bias_j in part 0 */
  block_product(t, params, { across, keep, with_bias }) {
    const { rows, inner, a_stride4, columns4, parts, part4 } = params;
    const columns = 4 * columns4!;
    for (let part = 0; part < parts!; part++) {
      const end = Math.min((part + 1) * part4! * 4, inner!);
      for (let i = 0; i < rows!; i++) {
        for (let j = 0; j < columns; j++) {
          let sum = with_bias === 1 && part === 0 ? t.bias![j]! : 0;
          for (let k = part * part4! * 4; k < end; k++) {
            const x = across === 1 ? t.a![k * a_stride4! * 4 + i]! : t.a![i * a_stride4! * 4 + k]!;
            sum += x * t.b![k * columns + j]!;
          }
          const at = (part * rows! + i) * columns + j;
          t.c![at] = (keep === 1 ? t.c![at]! : 0) + sum;
        }
      }
    }
  },

  /** total_i = keep · total_i + Σ_p part_pi */
  sum_parts(t, { elements, parts, keep }) {
    for (let i = 0; i < elements!; i++) {
      let sum = keep === 1 ? t.total![i]! : 0;
      for (let p = 0; p < parts!; p++) sum += t.part![p * elements! + i]!;
      t.total![i] = sum;
    }
  },

  /** sum_(part, c) = Σ_r x_rc over the part's rows */
  column_sums(t, { rows, columns, parts, part_rows }) {
    const sums = new Float64Array(parts! * columns!);
    for (let row = 0; row < rows!; row++) {
      const part = Math.floor(row / part_rows!);
      for (let c = 0; c < columns!; c++) sums[part * columns! + c]! += t.x![row * columns! + c]!;
    }
    t.sum!.set(sums);
  },

  /** output_rc = input_rc or input_cr, 0 for c ≥ columns */
  rearrange(t, { rows, columns, input_stride, stride, transposed }) {
    for (let row = 0; row < rows!; row++) {
      for (let c = 0; c < stride!; c++) {
        const from = transposed === 1 ? c * input_stride! + row : row * input_stride! + c;
        t.output![row * stride! + c] = c < columns! ? t.input![from]! : 0;
      }
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

  /** output = source times the slope of LeakyReLU at x */
  leaky_relu(t, { elements, slope }) {
    for (let i = 0; i < elements!; i++) t.output![i] = t.source![i]! * (t.x![i]! > 0 ? 1 : slope!);
  },

  /** output = scale · a ⊙ b */
  scaled_product(t, { elements, scale }) {
    for (let i = 0; i < elements!; i++) t.output![i] = scale! * t.a![i]! * t.b![i]!;
  },

  /** output_r = x_r / max(‖x_r‖, ε) */
  normalise_rows(t, { rows, width, epsilon }) {
    for (let r = 0; r < rows!; r++) {
      const row = Array.from(t.x!.subarray(r * width!, (r + 1) * width!));
      const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
      t.row_length![r] = length;
      row.forEach((x, j) => t.output![r * width! + j] = x / Math.max(length, epsilon!));
    }
  },

  /** gradient_r = (g_r − ⟨g_r, y_r⟩ y_r) / length_r; g_r / ε where the row is shorter */
  normalise_rows_adjoint(t, { rows, width, epsilon }) {
    for (let r = 0; r < rows!; r++) {
      const length = t.row_length![r]!;
      let along = 0;
      for (let i = r * width!; i < (r + 1) * width!; i++) along += t.y_gradient![i]! * t.y![i]!;
      if (length < epsilon!) along = 0;
      for (let i = r * width!; i < (r + 1) * width!; i++) {
        t.gradient![i] = (t.y_gradient![i]! - along * t.y![i]!) / Math.max(length, epsilon!);
      }
    }
  },

  /** rows of the output = keep · themselves + scale · rows of the input */
  copy_block(t, { rows, columns, from_row, to_row, scale, keep }) {
    for (let r = 0; r < rows!; r++) {
      for (let c = 0; c < columns!; c++) {
        const source = t.input![(from_row! + r) * columns! + c]!;
        const place = (to_row! + r) * columns! + c;
        t.output![place] = (keep === 1 ? t.output![place]! : 0) + scale! * source;
      }
    }
  },

  /** output = scale (x − mean) / √(variance + ε) + shift, over the batch's rows; 0 beyond */
  batch_norm(t, params) {
    const { rows, width, epsilon } = params;
    const inBatch = batchRows(t, params);
    for (let j = 0; j < width!; j++) {
      const column = inBatch.map((r) => t.x![r * width! + j]!);
      const mean = meanOf(column);
      const variance = meanOf(column.map((x) => (x - mean) ** 2));
      t.statistics![j] = mean;
      t.statistics![width! + j] = variance;
      for (let r = 0; r < rows!; r++) t.output![r * width! + j] = 0;
      inBatch.forEach((r, place) => {
        const normalised = (column[place]! - mean) / Math.sqrt(variance + epsilon!);
        t.output![r * width! + j] = t.scale![j]! * normalised + t.shift![j]!;
      });
    }
  },

  /** output = scale / s (d − mean d − x̂ mean(d x̂)), scale_gradient = Σ d x̂, shift_gradient = Σ d */
  batch_norm_gradient(t, params) {
    const { rows, width } = params;
    const inBatch = batchRows(t, params);
    for (let j = 0; j < width!; j++) {
      const { deviation, normalised } = normalisedColumn(t, params, inBatch, j);
      const d = inBatch.map((r) => t.direction![r * width! + j]!);
      const along = meanOf(d.map((x, place) => (x - meanOf(d)) * normalised[place]!));
      t.scale_gradient![j] = along * d.length;
      t.shift_gradient![j] = meanOf(d) * d.length;
      for (let r = 0; r < rows!; r++) t.output![r * width! + j] = 0;
      inBatch.forEach((r, place) => {
        const rest = d[place]! - meanOf(d) - normalised[place]! * along;
        t.output![r * width! + j] = t.scale![j]! / deviation * rest;
      });
    }
  },

  /** x_gradient = −scale / s² (ũ p + d̃ q + x̂ (c − 3 p q)), scale_gradient = n / s (c − p q) */
  batch_norm_curvature(t, params) {
    const { rows, width } = params;
    const inBatch = batchRows(t, params);
    for (let j = 0; j < width!; j++) {
      const { deviation, normalised } = normalisedColumn(t, params, inBatch, j);
      const centred = (matrix: Arrays[string]) => {
        const entries = inBatch.map((r) => matrix[r * width! + j]!);
        return entries.map((x) => x - meanOf(entries));
      };
      const [d, u] = [centred(t.direction!), centred(t.output_gradient!)];
      const p = meanOf(d.map((x, place) => x * normalised[place]!));
      const q = meanOf(u.map((x, place) => x * normalised[place]!));
      const c = meanOf(u.map((x, place) => x * d[place]!));
      t.scale_gradient![j] = d.length / deviation * (c - p * q);
      for (let r = 0; r < rows!; r++) t.x_gradient![r * width! + j] = 0;
      inBatch.forEach((r, place) => {
        const bent = u[place]! * p + d[place]! * q + normalised[place]! * (c - 3 * p * q);
        t.x_gradient![r * width! + j] = -t.scale![j]! / deviation ** 2 * bent;
      });
    }
  },

  /** term = factor · mean of x over the batch's rows */
  batch_mean(t, params) {
    const { factor, term, term_count } = params;
    const mean = meanOf(batchRows(t, params).map((r) => t.x![r]!));
    t.terms![t.clock![0]! * term_count! + term!] = factor! * mean;
  },

  /** output = factor σ(x) */
  sigmoid(t, { elements, factor }) {
    for (let i = 0; i < elements!; i++) t.output![i] = factor! / (1 + Math.exp(-t.x![i]!));
  },

  /** output = factor σ(x) σ(−x), over the number of rows where averaged; 0 beyond the batch */
  sigmoid_slope(t, params) {
    const inBatch = batchRows(t, params);
    t.output!.fill(0);
    for (const r of inBatch) {
      const better = 1 / (1 + Math.exp(-t.x![r]!));
      const count = params.averaged === 1 ? inBatch.length : 1;
      t.output![r] = params.factor! / count * better * (1 - better);
    }
  },

  /** gradient = factor σ''(x) slope_gradient; 0 beyond the batch */
  sigmoid_curvature(t, params) {
    t.gradient!.fill(0);
    for (const r of batchRows(t, params)) {
      const better = 1 / (1 + Math.exp(-t.x![r]!));
      const curvature = better * (1 - better) * (1 - 2 * better);
      t.gradient![r] = params.factor! * curvature * t.slope_gradient![r]!;
    }
  },

  /** length = ‖x_r‖, penalty = (length − 1)² */
  row_lengths(t, { rows, width }) {
    for (let r = 0; r < rows!; r++) {
      const length = Math.hypot(...t.x!.subarray(r * width!, (r + 1) * width!));
      t.row_length![r] = length;
      t.penalty![r] = (length - 1) ** 2;
    }
  },

  /** gradient = 2 weight / n (1 − 1 / length) x, over the batch's rows; 0 beyond, or without length */
  row_lengths_adjoint(t, params) {
    const { width, weight } = params;
    const inBatch = batchRows(t, params);
    t.gradient!.fill(0);
    for (const r of inBatch.filter((r) => t.row_length![r]! > 0)) {
      const factor = 2 * weight! / inBatch.length * (1 - 1 / t.row_length![r]!);
      for (let i = r * width!; i < (r + 1) * width!; i++) t.gradient![i] = factor * t.x![i]!;
    }
  },

  /** log_total = log Σ exp, share = exp(across_ii / τ − log_total), loss = −log(share + 1e-8) */
  contrast_rows(t, params) {
    const { batch_size, inverse_tau } = params;
    const slots = batchRows(t, { ...params, rows: batch_size! });
    for (const name of ["log_total", "share", "loss"]) t[name]!.fill(0);
    for (const i of slots) {
      const at = (j: number): number => i * batch_size! + j;
      const total = slots.reduce((sum, j) => {
        const own = j === i ? 0 : Math.exp(t.own![at(j)]! * inverse_tau!);
        return sum + own + Math.exp(t.across![at(j)]! * inverse_tau!);
      }, 0);
      const share = Math.exp(t.across![at(i)]! * inverse_tau!) / total;
      t.log_total![i] = Math.log(total);
      t.share![i] = share;
      t.loss![i] = -Math.log(share + 1e-8);
    }
  },

  /** own ← weight / n k_i / τ exp(own / τ − log_total_i), across ← likewise − [i = j]; 0 beyond */
  contrast_adjoint(t, params) {
    const { batch_size, inverse_tau, weight } = params;
    const slots = batchRows(t, { ...params, rows: batch_size! });
    for (let i = 0; i < batch_size!; i++) {
      const k = t.share![i]! / (t.share![i]! + 1e-8) * weight! / slots.length * inverse_tau!;
      for (let j = 0; j < batch_size!; j++) {
        const at = i * batch_size! + j;
        const inside = slots.includes(i) && slots.includes(j);
        const exponential = (x: number) => Math.exp(x * inverse_tau! - t.log_total![i]!);
        t.own![at] = inside && i !== j ? k * exponential(t.own![at]!) : 0;
        t.across![at] = inside ? k * (exponential(t.across![at]!) - Number(i === j)) : 0;
      }
    }
  },

  /** output_rj = exp(x_rj) / Σ_k exp(x_rk) */
  softmax_rows(t, { rows, width }) {
    for (let first = 0; first < rows! * width!; first += width!) {
      const exponentials = Array.from(t.x!.subarray(first, first + width!), Math.exp);
      const sum = meanOf(exponentials) * width!;
      exponentials.forEach((x, j) => t.output![first + j] = x / sum);
    }
  },

  /** gradient_rj = share_rj (share_gradient_rj − Σ_k share_rk share_gradient_rk) */
  softmax_rows_adjoint(t, { rows, width }) {
    for (let first = 0; first < rows! * width!; first += width!) {
      let mean = 0;
      for (let i = first; i < first + width!; i++) mean += t.share![i]! * t.share_gradient![i]!;
      for (let i = first; i < first + width!; i++) {
        t.gradient![i] = t.share![i]! * (t.share_gradient![i]! - mean);
      }
    }
  },

  /** scores_ti = 0 where user_t has i in train */
  hide_seen(t, params) {
    for (const slot of batchRows(t, { ...params, rows: params.batch_size! })) {
      for (const item of seenItems(t, params, slot)) t.scores![slot * params.items! + item] = 0;
    }
  },

  /** scores_ti += factor · softmax_i([in train] − noise log(−log(draw + 1e-8) + 1e-8)) */
  add_interactions(t, params) {
    const { items, noise, factor } = params;
    for (const slot of batchRows(t, { ...params, rows: params.batch_size! })) {
      const seen = new Set(seenItems(t, params, slot));
      const exponentials = Array.from({ length: items! }, (_, item) => {
        const gumbel = -Math.log(-Math.log(t.draw![slot * items! + item]! + 1e-8) + 1e-8);
        return Math.exp(Number(seen.has(item)) + noise! * gumbel);
      });
      const sum = exponentials.reduce((total, each) => total + each, 0);
      exponentials.forEach((each, item) =>
        t.scores![slot * items! + item]! += factor! * each / sum
      );
    }
  },

  /** draw uniform in [0, 1), or 1 with probability 1 − rate, by a hash of seed, batch and i */
  draw_uniform(t, { elements, as_mask, rate, seed_low, seed_high }) {
    for (let i = 0; i < elements!; i++) {
      const draw = (pcg4d([seed_low!, seed_high!, t.clock![1]!, i])[0]! >>> 8) / 2 ** 24;
      t.draw![i] = as_mask === 0 ? draw : draw >= Math.fround(rate!) ? 1 : 0;
    }
  },

  /** output_r = share_r a_(r mod B) + (1 − share_r) b_r */
  mix_rows(t, { rows, width, batch_size }) {
    for (let i = 0; i < rows! * width!; i++) {
      const share = t.share![Math.floor(i / width!)]!;
      t.output![i] = share * t.a![i % (batch_size! * width!)]! + (1 - share) * t.b![i]!;
    }
  },

  /** a_gradient_t = Σ_m share d, b_gradient = (1 − share) d */
  mix_rows_adjoint(t, { rows, width, batch_size }) {
    const sums = new Float64Array(batch_size! * width!);
    for (let i = 0; i < rows! * width!; i++) {
      const share = t.share![Math.floor(i / width!)]!;
      sums[i % sums.length]! += share * t.direction![i]!;
      t.b_gradient![i] = (1 - share) * t.direction![i]!;
    }
    t.a_gradient!.set(sums);
  },

  /** distance_r = 1 − cos(x_r, y_r), with the lengths of both */
  cosine_rows(t, { rows, width, epsilon }) {
    for (let r = 0; r < rows!; r++) {
      let xx = 0, yy = 0, xy = 0;
      for (let i = r * width!; i < (r + 1) * width!; i++) {
        xx += t.x![i]! ** 2;
        yy += t.y![i]! ** 2;
        xy += t.x![i]! * t.y![i]!;
      }
      const [x, y] = [Math.sqrt(xx), Math.sqrt(yy)];
      t.x_length![r] = x;
      t.y_length![r] = y;
      t.distance![r] = 1 - xy / Math.max(x, epsilon!) / Math.max(y, epsilon!);
    }
  },

  /** gradient_r = keep · itself + weight / n · (cos_r x_r / ‖x_r‖ − y_r / ‖y_r‖) / ‖x_r‖ */
  cosine_rows_adjoint(t, { rows, width, epsilon, weight, keep, triples, batch_size }) {
    const length = Math.min(batch_size!, triples! - t.clock![0]! * batch_size!);
    const count = rows! / batch_size! * length;
    for (let i = 0; i < rows! * width!; i++) {
      const r = Math.floor(i / width!);
      const x = Math.max(t.x_length![r]!, epsilon!), y = Math.max(t.y_length![r]!, epsilon!);
      const cosine = t.x_length![r]! < epsilon! ? 0 : 1 - t.distance![r]!;
      const entry = weight! / count * (cosine * t.x![i]! / x - t.y![i]! / y) / x;
      const old = keep === 1 ? t.gradient![i]! : 0;
      t.gradient![i] = old + (r % batch_size! < length ? entry : 0);
    }
  },

  /** margin_t = ⟨u_t, p_t − n_t⟩ */
  bpr_rows_scores(t, { batch_size, width }) {
    const batch = batch_size! * width!;
    t.margin!.fill(0);
    for (let i = 0; i < batch; i++) {
      const difference = t.items![i]! - t.items![batch + i]!;
      t.margin![Math.floor(i / width!)]! += t.users![i]! * difference;
    }
  },

  /** gradient = keep · itself + c_t (p_t − n_t) for users, ± c_t u_t for items */
  bpr_rows_gradient(t, { of_users, width, keep, triples, batch_size }) {
    const batch = batch_size! * width!;
    const length = Math.min(batch_size!, triples! - t.clock![0]! * batch_size!);
    t.gradient!.forEach((old, i) => {
      const slot = Math.floor(i % batch / width!);
      const direction = of_users === 1
        ? t.other![i]! - t.other![batch + i]!
        : (i < batch ? 1 : -1) * t.other![i % batch]!;
      const added = slot < length ? t.coefficient![slot]! * direction : 0;
      t.gradient![i] = (keep === 1 ? old : 0) + added;
    });
  },
};

/** What hides a score, as f32. */
const HIDDEN = Math.fround(-3.4e38);

/** Jarzynski & Olano's hash of four integers to four. */
function pcg4d(input: readonly number[]): number[] {
  const v = input.map((x) => (Math.imul(x, 1664525) + 1013904223) >>> 0);
  const mix = () => {
    for (const [into, a, b] of [[0, 1, 3], [1, 2, 0], [2, 0, 1], [3, 1, 2]] as const) {
      v[into] = (v[into]! + Math.imul(v[a]!, v[b]!)) >>> 0;
    }
  };
  mix();
  v.forEach((x, i) => v[i] = (x ^ (x >>> 16)) >>> 0);
  mix();
  return v;
}

/** The entries of a neighbour graph, row by row: learned lists of each modality, then fixed ones. */
function forNeighbours(
  { rows, modalities, k }: { rows: number; modalities: number; k: number },
  visit: (entry: number, row: number, modality: number, learned: boolean) => void,
): void {
  for (let row = 0; row < rows; row++) {
    for (let block = 0; block < 2 * modalities; block++) {
      for (let s = 0; s < k; s++) {
        const entry = (row * 2 * modalities + block) * k + s;
        visit(entry, row, block % modalities, block < modalities);
      }
    }
  }
}

/** Rows that the current batch fills, of `rows` in blocks of a batch each. */
function batchRows(t: Arrays, { rows, triples, batch_size }: Numbers): number[] {
  const length = Math.min(batch_size!, triples! - t.clock![0]! * batch_size!);
  return Array.from({ length: rows! }, (_, r) => r).filter((r) => r % batch_size! < length);
}

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
}

/** √(v + ε) of a column, and (x − μ) / √(v + ε) in the given rows. */
function normalisedColumn(
  t: Arrays,
  { width, epsilon }: Numbers,
  rows: readonly number[],
  j: number,
): { deviation: number; normalised: number[] } {
  const deviation = Math.sqrt(t.statistics![width! + j]! + epsilon!);
  const normalised = rows.map((r) => (t.x![r * width! + j]! - t.statistics![j]!) / deviation);
  return { deviation, normalised };
}

/** Train items of the user of a triple of the current batch. */
function seenItems(t: Arrays, { batch_size }: Numbers, slot: number): number[] {
  const user = t.user![t.clock![0]! * batch_size! + slot]!;
  return Array.from(t.column!.subarray(t.row_start![user], t.row_start![user + 1]));
}

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

/** Inner products, four candidates side by side; those past the end repeat the last row or candidate. */
function makeScores(
  t: Arrays,
  [firstRow, rows]: readonly [number, number],
  [firstCandidate, candidates]: readonly [number, number],
  width4: number,
): void {
  const width = width4 * 4;
  const stride = Math.ceil(rows / 8) * 8;
  for (let c = 0; c < Math.ceil(candidates / 4) * 4; c++) {
    const candidate = firstCandidate + Math.min(c, candidates - 1);
    for (let row = 0; row < stride; row++) {
      const query = firstRow + Math.min(row, rows - 1);
      let sum = 0;
      for (let j = 0; j < width; j++) {
        sum += t.queries![query * width + j]! * t.candidates![candidate * width + j]!;
      }
      t.scores![scoreAt(c, row, stride)] = sum;
    }
  }
}

/** Where scores.wgsl leaves the score of a candidate and a row. */
function scoreAt(candidate: number, row: number, stride: number): number {
  return (Math.floor(candidate / 4) * stride + row) * 4 + candidate % 4;
}

function forTouchedRows(t: Arrays, visit: (place: number, row: number) => void): void {
  const [step] = (t.list ?? t.clock)!;
  for (let place = t.batch_start![step!]!; place < t.batch_start![step! + 1]!; place++) {
    visit(place, t.row![place]!);
  }
}
