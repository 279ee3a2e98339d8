/** Twins of the kernels of graphs that are no gathers. */
import type { Twin } from "./twin.ts";

export const graphs: Record<string, Twin> = {
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
