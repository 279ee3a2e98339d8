/**
 * The entries of a neighbour graph, mixed and normalised. With C_m the learned cosines of modality m, F_m its
 * fixed entries and a_m its share,
 *
 *     S = (1 − λ) D^−½ (Σ_m a_m C_m) D^−½ + λ Σ_m a_m F_m,
 *
 * D the row sums of Σ_m a_m C_m, on both sides although that is not symmetric. Rows and columns whose sum
 * is not above 0 are left out.
 *
 * Adjoint: D_i^−½ is a factor of every learned entry in row and column i, so that dD_i is −½ D_i^−1 times
 * the sum of dS_e · S_e over these entries e. As D_i is a sum over row i, dD_i adds to the gradient of each
 * Σ_m a_m C_m there; that goes on to C_m times a_m, and to a_m times C_m. Columns are walked through the
 * graph's transpose.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import neighbourScalesCode from "../../../kernels/neighbour_scales.wgsl" with { type: "text" };
import neighbourScalesAdjointCode from "../../../kernels/neighbour_scales_adjoint.wgsl" with {
  type: "text",
};
import neighbourWeightsCode from "../../../kernels/neighbour_weights.wgsl" with { type: "text" };
import neighbourWeightsAdjointCode from "../../../kernels/neighbour_weights_adjoint.wgsl" with {
  type: "text",
};
import { addGradient, addGradientInPlace } from "../../tape/gradient.ts";
import { recordColumnSums } from "../rows/matrix_product.ts";
import type { NeighbourGraph } from "./neighbour_graph.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/**
 * Records that the graph's matrix becomes S, and the adjoint.
 *
 * @param similarity C and F, items × degree, as neighbourCosines gives them.
 * @param share a, one number per modality.
 * @param fixedPart λ, from 0 to 1.
 * @returns The entries of S, items × degree.
 */
export function neighbourWeights(
  tape: Tape,
  graph: NeighbourGraph,
  similarity: Variable,
  share: Variable,
  fixedPart: number,
): Variable {
  const { gpu, program } = tape;
  const { itemCount: rows, modalities, k, degree, matrix: { column, value } } = graph;
  const sizes = { rows, modalities, k };
  const operands = { similarity: similarity.value, share: share.value };
  const scale = tape.take("scales of the item graph", [rows]);
  program.dispatch(
    getKernel(gpu, { name: "neighbour_scales", code: neighbourScalesCode }),
    { ...operands, scale },
    sizes,
    { invocations: rows },
  );
  program.dispatch(
    getKernel(gpu, { name: "neighbour_weights", code: neighbourWeightsCode }),
    { ...operands, column, scale, value },
    { ...sizes, learned_part: 1 - fixedPart },
    { invocations: rows * degree },
  );
  const mixture = { similarity, share, scale, fixedPart };
  return tape.operation(
    value,
    [similarity, share],
    (gradient) => recordAdjoint(tape, graph, mixture, gradient),
    [scale],
  );
}

/** What the adjoint needs of the forward pass. */
interface Mixture {
  readonly similarity: Variable;
  readonly share: Variable;
  readonly scale: Tensor;
  readonly fixedPart: number;
}

function recordAdjoint(
  tape: Tape,
  graph: NeighbourGraph,
  { similarity, share, scale, fixedPart }: Mixture,
  gradient: Tensor,
): void {
  const { gpu, program } = tape;
  const { itemCount: rows, modalities, k, degree, matrix } = graph;
  const sum_gradient = sumGradient(tape, graph, scale, gradient);
  const similarity_gradient = tape.take("gradient of similarities", [rows, degree]);
  const share_part = tape.take("parts of shares' gradient", [rows, modalities]);
  program.dispatch(
    getKernel(gpu, { name: "neighbour_weights_adjoint", code: neighbourWeightsAdjointCode }),
    {
      column: matrix.column,
      similarity: similarity.value,
      share: share.value,
      scale,
      sum_gradient,
      gradient,
      similarity_gradient,
      share_part,
    },
    { rows, modalities, k, learned_part: 1 - fixedPart },
    { invocations: rows * modalities },
  );
  tape.release(sum_gradient);
  addGradient(tape, similarity, similarity_gradient);
  addGradientInPlace(
    tape,
    share,
    (total, keep) => recordColumnSums(tape, share_part, total, keep),
  );
  tape.release(share_part);
}

/** Records dD, one number per row, taken from the tape. */
function sumGradient(
  tape: Tape,
  { itemCount: rows, modalities, k, degree, matrix, transposed, transposedEntry }: NeighbourGraph,
  scale: Tensor,
  gradient: Tensor,
): Tensor {
  const sum_gradient = tape.take("gradient of row sums", [rows]);
  tape.program.dispatch(
    getKernel(tape.gpu, { name: "neighbour_scales_adjoint", code: neighbourScalesAdjointCode }),
    {
      gradient,
      value: matrix.value,
      back_start: transposed.rowStart,
      back_entry: transposedEntry,
      scale,
      sum_gradient,
    },
    { rows, degree, learned: modalities * k },
    { invocations: rows },
  );
  return sum_gradient;
}
