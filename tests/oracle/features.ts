/** Twins of the kernels that whiten features. */
import type { Twin } from "./twin.ts";

export const features: Record<string, Twin> = {
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
