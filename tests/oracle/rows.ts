/** Twins of the kernels that work on dense rows. */
import {
  type Arrays,
  batchRows,
  clockOf,
  forTouchedRows,
  meanOf,
  type Numbers,
  type Twin,
} from "./twin.ts";

export const rows: Record<string, Twin> = {
  /** output_(block · B + t) = table_(list_t − first_row), 0 beyond the batch */
  gather_rows(t, { batch_size, width, first_row, block }) {
    const { batch, size } = clockOf(t);
    for (let slot = 0; slot < batch_size!; slot++) {
      const triple = batch * batch_size! + slot;
      for (let c = 0; c < width!; c++) {
        t.output![(block! * batch_size! + slot) * width! + c] = slot < size
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

  /** C_part = keep · C_part + Σ_k A_ik B_kj over the part's k, + bias_j in part 0, in the stretch's tiles */
  product(t, params, { across, keep, with_bias, workgroup_size }) {
    const { rows, inner, a_stride4, columns4, parts, part4, first_group, groups } = params;
    const columns = 4 * columns4!;
    const tileRows = 2 * workgroup_size!, tileColumns = 64;
    const rowTiles = Math.ceil(rows! / tileRows), columnTiles = Math.ceil(columns / tileColumns);
    for (let part = 0; part < parts!; part++) {
      const end = Math.min((part + 1) * part4! * 4, inner!);
      for (let i = 0; i < rows!; i++) {
        for (let j = 0; j < columns; j++) {
          const tile = part * columnTiles + Math.floor(j / tileColumns);
          const group = tile * rowTiles + Math.floor(i / tileRows);
          if (group < first_group! || group >= first_group! + groups!) continue;
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

  /** draw uniform in [0, 1), or 1 with probability 1 − rate, by a hash of seed, batch and i */
  draw_uniform(t, { elements, as_mask, rate, seed_low, seed_high }) {
    for (let i = 0; i < elements!; i++) {
      const draw = (pcg4d([seed_low!, seed_high!, clockOf(t).count, i])[0]! >>> 8) / 2 ** 24;
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
};

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
