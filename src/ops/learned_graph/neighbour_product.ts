/**
 * Products with a neighbour graph whose entries are differentiated too: Y = S X.
 *
 * Adjoint: dL/dX = Sᵀ dL/dY, and dL/dS_ij = ⟨dL/dy_i, x_j⟩ for the entries that S has.
 *
 * @module
 */
import { openGradient } from "../../tape/gradient.ts";
import { sampledProduct } from "./neighbour_cosines.ts";
import type { NeighbourGraph } from "./neighbour_graph.ts";
import { sparseProduct } from "../graphs/sparse_product.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/**
 * Records the product and its adjoint, which takes the transpose.
 *
 * @param values The entries of the graph's matrix, as src/ops/learned_graph/neighbour_weights.ts gives them.
 * @param x items × dim, dim a multiple of 4.
 */
export function neighbourProduct(
  tape: Tape,
  graph: NeighbourGraph,
  values: Variable,
  x: Variable,
): Variable {
  const output = sparseProduct(tape, graph.matrix, graph.transposed, x);
  // Recorded before the adjoint of the product itself, which gives dL/dY back.
  tape.adjoint(() => {
    if (values.constant || !output.gradient) return;
    const block = { first: 0, count: graph.degree };
    const operands = { a: output.gradient, b: x.value, output: openGradient(tape, values) };
    sampledProduct(tape, graph, block, operands, true);
  });
  return output;
}
