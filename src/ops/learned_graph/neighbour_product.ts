/**
 * Products with a neighbour graph whose entries are differentiated too: Y = S X.
 *
 * Adjoint: dX = Sᵀ dY, and dS_ij = ⟨dy_i, x_j⟩ for the entries that S has.
 *
 * @module
 */
import { addGradientInPlace } from "../../tape/gradient.ts";
import { sampledProduct } from "./neighbour_cosines.ts";
import type { NeighbourGraph } from "./neighbour_graph.ts";
import { sparseProduct } from "../graphs/sparse_product.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/**
 * Records the product and its adjoint, which takes the graph's transpose.
 *
 * @param values The entries of S, as neighbourWeights gives them.
 * @param x items × dim, dim a multiple of 4.
 * @returns items × dim.
 */
export function neighbourProduct(
  tape: Tape,
  graph: NeighbourGraph,
  values: Variable,
  x: Variable,
): Variable {
  const output = sparseProduct(tape, graph.matrix, graph.transposed, x);
  // Recorded before the adjoint of the product itself, after which dY is given back.
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
