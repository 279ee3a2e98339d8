/**
 * Products that a loss can be differentiated by: a linear layer Y = X Wᵀ + b, and plain C = A B.
 *
 * Adjoints: dX = dY W, dW = dYᵀ X, db = the column sums of dY; dA = dC Bᵀ, dB = Aᵀ dC.
 *
 * @module
 */
import type { Tensor } from "../../gpu/tensor.ts";
import { closeGradient } from "../../tape/gradient.ts";
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
  const { x, weight } = parts[0]!;
  const shape = [x.value.shape[0]!, weight.value.shape[0]!];
  const inputs = [...parts.flatMap(({ x, weight }) => [x, weight]), bias];
  const output: Variable = {
    value: tape.take(`${weight.value.label} of ${x.value.label}`, shape),
    constant: inputs.every((input) => !input || input.constant),
  };
  parts.forEach(({ x, weight }, part) => {
    const first = part === 0;
    const [left, right] = [x.value, weight.value];
    const added = first ? bias?.value : undefined;
    recordProduct(tape, left, right, { transposeB: true }, output.value, !first, added);
  });
  tape.adjoint(() => {
    const { gradient } = output;
    if (gradient) {
      for (const { x, weight } of parts) {
        addProduct(tape, x, gradient, weight.value, {});
        addProduct(tape, weight, gradient, x.value, { transposeA: true });
      }
      if (bias) {
        addInto(tape, bias, (total, add) => recordColumnSums(tape, gradient, total, add));
      }
    }
    closeGradient(tape, output);
    tape.release(output.value);
  });
  return output;
}

/**
 * Records C = A B and its adjoint; any sizes.
 *
 * @param a n × k.
 * @param b k × m.
 * @returns n × m.
 */
export function multiply(tape: Tape, a: Variable, b: Variable): Variable {
  const shape = [a.value.shape[0]!, b.value.shape[1]!];
  const output: Variable = {
    value: tape.take(`${a.value.label} times ${b.value.label}`, shape),
    constant: a.constant && b.constant,
  };
  recordProduct(tape, a.value, b.value, {}, output.value);
  tape.adjoint(() => {
    const { gradient } = output;
    if (gradient) {
      addProduct(tape, a, gradient, b.value, { transposeB: true });
      addProduct(tape, b, a.value, gradient, { transposeA: true });
    }
    closeGradient(tape, output);
    tape.release(output.value);
  });
  return output;
}

/** Adds a product to the gradient of a variable. */
function addProduct(
  tape: Tape,
  variable: Variable,
  a: Tensor,
  b: Tensor,
  transposes: Transposes,
): void {
  addInto(tape, variable, (total, add) => recordProduct(tape, a, b, transposes, total, add));
}

/** Has a part of a variable's gradient recorded: added to what there is, or the first; unless constant. */
function addInto(
  tape: Tape,
  variable: Variable,
  record: (total: Tensor, accumulate: boolean) => void,
): void {
  if (variable.constant) return;
  const { gradient, value: { label, shape } } = variable;
  variable.gradient ??= tape.take(`gradient of ${label}`, shape);
  record(variable.gradient, gradient !== undefined);
}
