/** Twins of the kernels of graphs that are learned. */
import type { Twin } from "./twin.ts";

export const learnedGraph: Record<string, Twin> = {
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
  sampled_product(t, { first_row, end_row, degree, first, count, keep }, { dim4 }) {
    const dim = dim4! * 4;
    for (let i = first_row!; i < end_row!; i++) {
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
};

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
