/**
 * Products that a loss can be differentiated by: a linear layer Y = X Wᵀ + b, and plain C = A B.
 *
 * Adjoints: dX = dY W, dW = dYᵀ X, db = the column sums of dY; dA = dC Bᵀ, dB = Aᵀ dC.
 *
 * @module
 */
import type { Tensor } from "../../gpu/tensor.ts";
import { addGradientInPlace } from "../../tape/gradient.ts";
import { recordColumnSums, recordProduct, type Transposes } from "./matrix_product.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/** An input of a linear layer and its weight. */
export interface LinearPart {
  /** n × in. */
  readonly x: Variable;
  /** out × in, as PyTorch keeps it. */
  readonly weight: Variable;
}

/**
 * Records Y = X Wᵀ + b and its adjoint; any sizes.
 *
 * @param x n × in.
 * @param weight out × in, as PyTorch keeps it.
 * @param bias out.
 * @returns n × out.
 */
export function linear(tape: Tape, x: Variable, weight: Variable, bias?: Variable): Variable {
  return jointLinear(tape, [{ x, weight }], bias);
}

/**
 * Records Y = Σ_p X_p W_pᵀ + b and its adjoint: a linear layer over inputs side by side, [ X_1 | X_2 | … ],
 * which are never put there.
 *
 * @param parts Inputs of as many rows, and their columns of the weight.
 * @param bias out.
 * @returns n × out.
 */
export function jointLinear(
  tape: Tape,
  parts: readonly LinearPart[],
  bias?: Variable,
): Variable {
  const { x: { value: first }, weight: { value: weights } } = parts[0]!;
  const y = tape.take(`${weights.label} of ${first.label}`, [first.shape[0]!, weights.shape[0]!]);
  parts.forEach(({ x, weight }, part) => {
    const added = part === 0 ? bias?.value : undefined;
    recordProduct(tape, x.value, weight.value, { transposeB: true }, y, part > 0, added);
  });
  const inputs = parts.flatMap(({ x, weight }) => [x, weight]);
  return tape.operation(y, bias ? [...inputs, bias] : inputs, (dy) => {
    for (const { x, weight } of parts) {
      addProduct(tape, x, dy, weight.value, {});
      addProduct(tape, weight, dy, x.value, { transposeA: true });
    }
    if (bias) {
      addGradientInPlace(tape, bias, (db, keep) => recordColumnSums(tape, dy, db, keep));
    }
  });
}

/**
 * Records C = A B and its adjoint; any sizes.
 *
 * @param a n × k.
 * @param b k × m.
 * @returns n × m.
 */
export function multiply(tape: Tape, a: Variable, b: Variable): Variable {
  const label = `${a.value.label} times ${b.value.label}`;
  const c = tape.take(label, [a.value.shape[0]!, b.value.shape[1]!]);
  recordProduct(tape, a.value, b.value, {}, c);
  return tape.operation(c, [a, b], (dc) => {
    addProduct(tape, a, dc, b.value, { transposeB: true });
    addProduct(tape, b, a.value, dc, { transposeA: true });
  });
}

/** Adds op(A) op(B) to the gradient of a variable of its shape. */
export function addProduct(
  tape: Tape,
  variable: Variable,
  a: Tensor,
  b: Tensor,
  transposes: Transposes,
): void {
  addGradientInPlace(
    tape,
    variable,
    (gradient, keep) => recordProduct(tape, a, b, transposes, gradient, keep),
  );
}
