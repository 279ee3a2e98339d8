/** Twins of the kernels that solve least squares, row by row. */
import type { Arrays, Numbers, Twin } from "./twin.ts";

/** D_rc of row r, column c. */
const diagonalAt = (t: Arrays, { alpha }: Numbers, row: number, c: number): number =>
  alpha! * t.gram![c]! + t.ridge![row]!;

export const leastSquares: Record<string, Twin> = {
  /** value_e = offset + factor · ⟨a_row, b_column⟩ */
  entry_products(t, { first, end }, { dim4, offset, factor }) {
    const dim = 4 * dim4!, columns = new Uint32Array(t.entries!.buffer);
    for (let e = first!; e < end!; e++) {
      let sum = 0;
      for (let c = 0; c < dim; c++) {
        sum += t.a![t.row![e]! * dim + c]! * t.b![columns[2 * e]! * dim + c]!;
      }
      t.entries![2 * e + 1] = offset! + factor! * sum;
    }
  },

  /** r = s − D x, p = r / D */
  conjugate_start(t, { first, end }, constants) {
    const dim = 4 * constants.dim4!;
    for (let at = 4 * first!; at < 4 * end!; at++) {
      const diagonal = diagonalAt(t, constants, Math.floor(at / dim), at % dim);
      const left = t.sum![at]! - diagonal * t.x![at]!;
      t.residual![at] = left;
      t.direction![at] = left / diagonal;
    }
  },

  /** x, r and p after a step, in the same order as the head of the kernel */
  conjugate_step(t, { first, end }, constants) {
    const dim = 4 * constants.dim4!;
    for (let row = first!; row < end!; row++) {
      const columns = Array.from({ length: dim }, (_, c) => c);
      const d = columns.map((c) => diagonalAt(t, constants, row, c));
      const of = (name: string): number[] => columns.map((c) => t[name]![row * dim + c]!);
      const [r, p, s, x] = ["residual", "direction", "sum", "x"].map(of);
      const q = columns.map((c) => d[c]! * p![c]! + s![c]!);
      const inner = (a: number[], b: number[]): number =>
        a.reduce((total, value, c) => total + value * b[c]!, 0);
      const before = inner(r!, r!.map((value, c) => value / d[c]!));
      const curvature = inner(p!, q);
      if (!(before > 0 && curvature > 0)) continue;
      const step = before / curvature;
      const left = r!.map((value, c) => value - step * q[c]!);
      const after = inner(left, left.map((value, c) => value / d[c]!));
      columns.forEach((c) => {
        const at = row * dim + c;
        t.x![at] = x![c]! + step * p![c]!;
        t.residual![at] = left[c]!;
        t.direction![at] = left[c]! / d[c]! + after / before * p![c]!;
      });
    }
  },

  /** loss_r = Σ_e v_e² + Σ_c D_rc x_rc², penalty_r = λ_r Σ_c x_rc² */
  least_squares_loss(t, { rows }, constants) {
    const dim = 4 * constants.dim4!, values = new Float32Array(t.entries!.buffer);
    for (let row = 0; row < rows!; row++) {
      let loss = 0, penalty = 0;
      for (let e = t.row_start![row]!; e < t.row_start![row + 1]!; e++) {
        loss += values[2 * e + 1]! ** 2;
      }
      for (let c = 0; c < dim; c++) {
        const square = t.x![row * dim + c]! ** 2;
        loss += diagonalAt(t, constants, row, c) * square;
        penalty += t.ridge![row]! * square;
      }
      t.parts!.set([loss, penalty], 2 * row);
    }
  },

  /** gram_ij = Σ_u a_iu b_uj + ridge · [i = j]; the identity where the matrices end */
  gram_rows(t, { rows, size, first_row, end_row, slab_row, ridge }) {
    const values = new Float32Array(t.b_entries!.buffer);
    for (let row = first_row!; row < end_row!; row++) {
      const start = (row - slab_row!) * size!;
      t.gram!.fill(0, start, start + size!);
      t.gram![start + row] = row < rows! ? ridge! : 1;
      if (row >= rows!) continue;
      for (let e = t.a_start![row]!; e < t.a_start![row + 1]!; e++) {
        const other = t.a_column![e]!;
        for (let b = t.b_start![other]!; b < t.b_start![other + 1]!; b++) {
          t.gram![start + t.b_entries![2 * b]!]! += values[2 * b + 1]!;
        }
      }
    }
  },

  /** block = −D⁻¹, by elimination of [D I] with no pivots */
  invert_block(t, { size, first }) {
    const width = 64;
    const rows = Array.from({ length: width }, (_, r) => [
      ...t.panel!.subarray(r * size! + first!, r * size! + first! + width),
      ...Array.from({ length: width }, (_, c) => Number(c === r)),
    ]);
    for (let p = 0; p < width; p++) {
      const pivot = rows[p]!.map((x) => x / rows[p]![p]!);
      rows.forEach((row, r) => {
        const factor = row[p]!;
        rows[r] = r === p ? pivot : row.map((x, c) => x - factor * pivot[c]!);
      });
    }
    t.block!.set(rows.flatMap((row) => row.slice(width).map((x) => -x)));
  },

  /** matrix_(j, first + r) = −product_rj outside the block, block_(r, j − first) in it */
  store_swept(t, { size, first, slab_row, rows }) {
    const width = 64;
    for (let row = 0; row < rows!; row++) {
      const j = slab_row! + row, c = j - first!;
      for (let r = 0; r < width; r++) {
        t.matrix![row * size! + first! + r] = c >= 0 && c < width
          ? t.block![r * width + c]!
          : -t.product![r * size! + j]!;
      }
    }
  },
};
