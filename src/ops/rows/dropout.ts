/**
 * Dropout (Srivastava et al., JMLR 2014): y = x ⊙ m / (1 − p), where each m_i is 1 with probability
 * 1 − p and 0 otherwise, drawn anew for every batch by draw_uniform.ts.
 *
 * Adjoint: dx = dy ⊙ m / (1 − p).
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import { elementCount, type Tensor } from "../../gpu/tensor.ts";
import scaledProductCode from "../../../kernels/scaled_product.wgsl" with { type: "text" };
import { addGradient } from "../../tape/gradient.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/**
 * Records dropout and its adjoint.
 *
 * @param x Of any shape.
 * @param mask Zeros and ones of the same shape, as drawMask draws them; stays the caller's.
 * @param rate p, from 0 to below 1.
 */
export function dropout(tape: Tape, x: Variable, mask: Tensor, rate: number): Variable {
  const scale = 1 / (1 - rate);
  const y = scaledProduct(tape, x.value, mask, scale);
  return tape.operation(
    y,
    [x],
    (dy) => addGradient(tape, x, scaledProduct(tape, dy, mask, scale)),
  );
}

/** Records scale · a ⊙ b, taken from the tape. */
function scaledProduct(tape: Tape, a: Tensor, b: Tensor, scale: number): Tensor {
  const elements = elementCount(a.shape);
  const output = tape.take(`dropped ${a.label}`, a.shape);
  tape.program.dispatch(
    getKernel(tape.gpu, { name: "scaled_product", code: scaledProductCode }),
    { a, b, output },
    { elements, scale },
    { invocations: elements },
  );
  return output;
}
