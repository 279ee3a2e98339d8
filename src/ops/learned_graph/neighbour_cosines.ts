/**
 * The learned entries of a neighbour graph before they are mixed: the inner products ⟨x_i, x_j⟩ of the
 * items in a modality's lists, cosines where rows have length 1. Who is in the lists is constant.
 *
 * Adjoint: with G the gradients of a modality's entries, dX = (G + Gᵀ) X.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import { stretches } from "../../gpu/stretches.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import neighbourCosinesAdjointCode from "../../../kernels/neighbour_cosines_adjoint.wgsl" with {
  type: "text",
};
import sampledProductCode from "../../../kernels/sampled_product.wgsl" with { type: "text" };
import { addGradient } from "../../tape/gradient.ts";
import type { NeighbourGraph } from "./neighbour_graph.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/** Consecutive entries of each row. */
export interface Block {
  /** The place of the first within a row. */
  readonly first: number;
  /** How many there are. */
  readonly count: number;
}

/**
 * Records output_e = ⟨a_i, b_j⟩ for the entries e = (i, j) of a block; output is items × degree.
 *
 * @param keep Whether that is added to what is there.
 * @param limit Floating-point operations of a dispatch at most, unless a single row takes more.
 */
export function sampledProduct(
  { gpu, program }: Tape,
  { itemCount: rows, degree, matrix }: NeighbourGraph,
  { first, count }: Block,
  { a, b, output }: { readonly a: Tensor; readonly b: Tensor; readonly output: Tensor },
  keep = false,
  limit?: number,
): void {
  const dim = a.shape[1]!;
  const source = { name: "sampled_product", code: sampledProductCode };
  const kernel = getKernel(gpu, source, { dim4: dim / 4 });
  for (const stretch of stretches({ units: rows, largestUnit: 2 * count * dim }, limit)) {
    const first_row = stretch.first, end_row = first_row + stretch.count;
    program.dispatch(
      kernel,
      { column: matrix.column, a, b, output },
      { first_row, end_row, degree, first, count, keep: Number(keep) },
      { invocations: stretch.count * count },
    );
  }
}

/**
 * Records the learned entries and their adjoint, which walks the graph's transpose.
 *
 * @param xs One matrix per modality, items × dim, dim a multiple of 4; rows of length 1, for cosines.
 * @returns The graph's similarities, items × degree: these entries, and the fixed ones as they are.
 */
export function neighbourCosines(
  tape: Tape,
  graph: NeighbourGraph,
  xs: readonly Variable[],
): Variable {
  const { k: count, similarity } = graph;
  xs.forEach(({ value: x }, modality) => {
    const block = { first: modality * count, count };
    sampledProduct(tape, graph, block, { a: x, b: x, output: similarity });
  });
  return tape.operation(similarity, xs, (gradient) => {
    xs.forEach((x, modality) => {
      if (x.constant) return;
      addGradient(tape, x, spread(tape, graph, gradient, x.value, modality));
    });
  });
}

/** Records (G + Gᵀ) X over the entries of one modality, taken from the tape. */
function spread(
  tape: Tape,
  { itemCount: rows, k, degree, matrix, transposed, transposedEntry }: NeighbourGraph,
  gradient: Tensor,
  x: Tensor,
  modality: number,
): Tensor {
  const dim4 = x.shape[1]! / 4;
  const x_gradient = tape.take(`gradient of ${x.label}`, x.shape);
  tape.program.dispatch(
    getKernel(
      tape.gpu,
      { name: "neighbour_cosines_adjoint", code: neighbourCosinesAdjointCode },
      { dim4 },
    ),
    {
      column: matrix.column,
      gradient,
      back_start: transposed.rowStart,
      back_column: transposed.column,
      back_entry: transposedEntry,
      x,
      x_gradient,
    },
    { rows, degree, first: modality * k, count: k },
    { invocations: rows * dim4 },
  );
  return x_gradient;
}
