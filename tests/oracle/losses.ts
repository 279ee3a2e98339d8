/** Twins of the kernels of losses. */
import { batchRows, clockOf, meanOf, type PartTwin, type Twin } from "./twin.ts";

export const losses: Record<string, Twin> = {
  /** margin_t = ⟨h_u, h_p⟩ − ⟨h_u, h_n⟩ */
  bpr_scores(t, { batch_size }, { dim4 }, { rows_of, user_vector, item_vector }) {
    const dim = dim4! * 4;
    const { batch, size } = clockOf(t);
    const first = batch * batch_size!;
    for (let slot = 0; slot < size; slot++) {
      const [u, p, n] = rows_of(slot, first + slot);
      let margin = 0;
      for (let j = 0; j < dim; j++) {
        margin += user_vector(u * dim + j) * (item_vector(p * dim + j) - item_vector(n * dim + j));
      }
      t.margin![slot] = margin;
    }
  },

  /** margin_t += Σ_e weight_e (P[column_e, positive] − P[column_e, negative]) over the user's entries */
  add_offsets(t, { batch_size, users }) {
    const { batch, size } = clockOf(t);
    const [weights, values] = [t.q_entries!, t.p_entries!].map(({ buffer }) =>
      new Float32Array(buffer)
    );
    const valueAt = (row: number, item: number): number => {
      for (let e = t.p_start![row]!; e < t.p_start![row + 1]!; e++) {
        if (t.p_entries![2 * e] === item) return values![2 * e + 1]!;
      }
      return 0;
    };
    for (let slot = 0; slot < size; slot++) {
      const triple = batch * batch_size! + slot, user = t.user![triple]!;
      const [p, n] = [t.positive![triple]! - users!, t.negative![triple]! - users!];
      for (let e = t.q_start![user]!; e < t.q_start![user + 1]!; e++) {
        const row = t.q_entries![2 * e]!;
        t.margin![slot]! += weights![2 * e + 1]! * (valueAt(row, p) - valueAt(row, n));
      }
    }
  },

  /** loss_t = −log(γ + σ(margin_t)), coefficient_t = weight / T · dloss_t/dmargin_t */
  bpr_coefficients(t, { batch_size, first, gamma, weight }) {
    const { batch, size } = clockOf(t);
    for (let slot = 0; slot < size; slot++) {
      const x = t.margin![slot]!;
      const inFavour = 1 / (1 + Math.exp(-x)), against = 1 / (1 + Math.exp(x));
      // 0 / 0 where σ vanishes and nothing is added: without γ the quotient is 1.
      const shrunk = gamma === 0 ? 1 : inFavour / (gamma! + inFavour);
      t.coefficient![slot] = -weight! * against * shrunk / size;
      t.loss![first! + batch * batch_size! + slot] = gamma === 0
        ? Math.max(-x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
        : -Math.log(gamma! + inFavour);
    }
  },

  /** term_b = mean of loss over the triples of batch b */
  batch_means(t, { batch_size, batches, first, term, term_count }) {
    for (let batch = 0; batch < batches!; batch++) {
      const start = first! + batch * batch_size!, size = t.record![64 * batch + 2]!;
      const mean = meanOf(Array.from(t.loss!.subarray(start, start + size)));
      t.terms![batch * term_count! + term!] = mean;
    }
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
  norm_penalty(t, { ranges, parts, squared, divisor, term, term_count }) {
    const { batch: step, size: length } = clockOf(t);
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
  norm_penalty_adjoint(t, { range, first, elements, weight, divisor }) {
    const length = clockOf(t).size;
    const norm = t.norm![range!]!;
    for (let i = first!; norm > 0 && i < first! + elements!; i++) {
      t.gradient![i]! += weight! / (divisor || length) * t.x![i]! / norm;
    }
  },

  /** term = factor · mean of x over the batch's rows */
  batch_mean(t, params) {
    const { factor, term, term_count } = params;
    const mean = meanOf(batchRows(t, params).map((r) => t.x![r]!));
    t.terms![clockOf(t).batch * term_count! + term!] = factor! * mean;
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

  /** total = Σ exp, as largest and log; share = exp(across_ii / τ) / total, loss = −log(share + 1e-8) */
  contrast_rows(t, params) {
    const { batch_size, inverse_tau } = params;
    const { first_row, end_row } = params;
    const slots = batchRows(t, { ...params, rows: batch_size! });
    for (const name of ["share", "loss"]) t[name]!.fill(0, first_row, end_row);
    t.total!.fill(0, 2 * first_row!, 2 * end_row!);
    for (const i of slots.filter((slot) => slot >= first_row! && slot < end_row!)) {
      const at = (j: number): number => i * batch_size! + j;
      const total = slots.reduce((sum, j) => {
        const own = j === i ? 0 : Math.exp(t.own![at(j)]! * inverse_tau!);
        return sum + own + Math.exp(t.across![at(j)]! * inverse_tau!);
      }, 0);
      const share = Math.exp(t.across![at(i)]! * inverse_tau!) / total;
      const products = slots.flatMap((
        j,
      ) => [t.across![at(j)]!, j === i ? -Infinity : t.own![at(j)]!]);
      t.total![2 * i] = Math.max(...products);
      t.total![2 * i + 1] = Math.log(total) - t.total![2 * i]! * inverse_tau!;
      t.share![i] = share;
      t.loss![i] = -Math.log(share + 1e-8);
    }
  },

  /** own ← weight / n k_i / τ exp(own / τ) / total_i, across ← likewise − [i = j]; 0 beyond */
  contrast_adjoint(t, params) {
    const { batch_size, inverse_tau, weight } = params;
    const slots = batchRows(t, { ...params, rows: batch_size! });
    for (let i = params.first_row!; i < params.end_row!; i++) {
      const k = t.share![i]! / (t.share![i]! + 1e-8) * weight! / slots.length * inverse_tau!;
      for (let j = 0; j < batch_size!; j++) {
        const at = i * batch_size! + j;
        const inside = slots.includes(i) && slots.includes(j);
        const [largest, log_sum] = t.total!.subarray(2 * i);
        const exponential = (x: number) => Math.exp((x - largest!) * inverse_tau! - log_sum!);
        t.own![at] = inside && i !== j ? k * exponential(t.own![at]!) : 0;
        t.across![at] = inside ? k * (exponential(t.across![at]!) - Number(i === j)) : 0;
      }
    }
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
  cosine_rows_adjoint(t, { rows, width, epsilon, weight, keep, batch_size }) {
    const length = clockOf(t).size;
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
};

/** Where the vectors of triples are. */
export const tripleRows: Record<string, PartTwin> = {
  /** Rows of H by their ids */
  "bpr/epoch_rows": (t) => ({
    rows_of: (_, triple) => [t.user![triple]!, t.positive![triple]!, t.negative![triple]!],
    user_vector: (at) => t.h![at]!,
    item_vector: (at) => t.h![at]!,
  }),

  /** Rows in the order of triples */
  "bpr/gathered_rows": (t, { batch_size }) => ({
    rows_of: (slot) => [slot, slot, batch_size! + slot],
    user_vector: (at) => t.users![at]!,
    item_vector: (at) => t.items![at]!,
  }),
};
