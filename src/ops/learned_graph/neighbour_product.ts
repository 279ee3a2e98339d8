/**
 * Products with a neighbour graph whose entries are differentiated too: Y = S X.
 *
 * Adjoint: dL/dX = Sᵀ dL/dY, and dL/dS_ij = ⟨dL/dy_i, x_j⟩ for the entries that S has.
 *
 * @module
 */
import { addGradientInPlace } from "../../tape/gradient.ts";
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
  // Recorded before the adjoint of the product itself, after which dL/dY is given back.
  tape.adjoint(() => {
    const { gradient: dy } = output;
    if (!dy) return;
    const all = { first: 0, count: graph.degree };
    addGradientInPlace(
      tape,
      values,
      (gradient, keep) =>
        sampledProduct(tape, graph, all, { a: dy, b: x.value, output: gradient }, keep),
    );
  });
  return output;
}
