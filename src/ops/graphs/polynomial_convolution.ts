/**
 * A mean of polynomials of a graph: H = (P_0(A) E + … + P_K(A) E) / (K + 1), where
 *
 *     P_0 = 1,   P_k(A) = (p_k A + q_k) P_(k−1)(A) + r_k P_(k−2)(A)   with r_1 = 0
 *
 * It is summed from the highest degree down (Clenshaw 1955): with B_(K+1) = B_(K+2) = 0,
 *
 *     B_k = E / (K + 1) + (p_(k+1) A + q_(k+1)) B_(k+1) + r_(k+2) B_(k+2),   H = B_0
 *
 * so that each degree is one fused pass that writes one matrix, where going up would write the
 * polynomial and the sum so far.
 *
 * Adjoint: a polynomial of a symmetric matrix is symmetric, so that dL/dE is the same passes over dL/dH.
 *
 * @module
 */
import type { Tensor } from "../../gpu/tensor.ts";
import recurrenceCode from "../../../kernels/gather/recurrence.wgsl" with { type: "text" };
import { storedIn } from "../../tape/ending.ts";
import { addGradient } from "../../tape/gradient.ts";
import { recordGraphGather } from "./graph_gather.ts";
import type { PackedMatrix } from "./packed_matrix.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/** How a polynomial follows from the two before it. */
export interface RecurrenceStep {
  /** p, the coefficient of A P_(k−1). */
  readonly product: number;
  /** q, the coefficient of P_(k−1). */
  readonly own: number;
  /** r, the coefficient of P_(k−2); has no effect in the first step. */
  readonly earlier: number;
}

/**
 * Records H = (P_0(A) E + … + P_K(A) E) / (K + 1) and its adjoint.
 *
 * @param graph A, symmetric.
 * @param steps From P_1 on; without any H is E itself.
 * @param input E, rows × dim, dim a multiple of 4.
 * @param scale What H is multiplied with, unless there are no steps; 1 unless told.
 */
export function polynomialConvolution(
  tape: Tape,
  graph: PackedMatrix,
  steps: readonly RecurrenceStep[],
  input: Variable,
  scale = 1,
): Variable {
  if (steps.length === 0) return input;
  return tape.operation(
    meanOfPolynomials(tape, graph, steps, input.value, scale),
    [input],
    (dh) => addGradient(tape, input, meanOfPolynomials(tape, graph, steps, dh, scale)),
  );
}

/** Records the passes alone: H, taken from the tape; `input` itself without steps. */
export function meanOfPolynomials(
  tape: Tape,
  graph: PackedMatrix,
  steps: readonly RecurrenceStep[],
  input: Tensor,
  scale = 1,
): Tensor {
  const degree = steps.length, share = scale / (degree + 1);
  // B_K is that share of E, and B_(K+1) nothing: multiples of E that need not be made.
  let state = { tensor: input, factor: share };
  let before = { tensor: input, factor: 0 };
  for (let k = degree - 1; k >= 0; k--) {
    const { product, own } = steps[k]!;
    const earlier = steps[k + 1]?.earlier ?? 0;
    const output = tape.take("polynomials", input.shape);
    const result = {
      source: { name: "gather/recurrence", code: recurrenceCode },
      tensors: { base: input, own: state.tensor, earlier: before.tensor },
      constants: {
        base_weight: share,
        sum_weight: product * state.factor,
        own_weight: own * state.factor,
        earlier_weight: earlier * before.factor,
      },
    };
    recordGraphGather(tape, graph, { input: state.tensor, result, ending: storedIn(output) });
    if (before.tensor !== input) tape.release(before.tensor);
    before = state;
    state = { tensor: output, factor: 1 };
  }
  if (before.tensor !== input) tape.release(before.tensor);
  return state.tensor;
}
