/**
 * Dropout (Srivastava et al., JMLR 2014): y = x ⊙ m / (1 − p), where each m_i is 1 with probability
 * 1 − p and 0 otherwise, drawn anew for every batch.
 *
 * Masks are a hash of the seed, the number of the batch since training was set up, and the element: the
 * same seed gives the same bits, and nothing is uploaded.
 *
 * Adjoint: dx = dy ⊙ m / (1 − p).
 *
 * @module
 */
import { getKernel } from "../gpu/kernel.ts";
import { elementCount, type Tensor } from "../gpu/tensor.ts";
import drawMaskCode from "../../kernels/draw_mask.wgsl" with { type: "text" };
import scaledProductCode from "../../kernels/scaled_product.wgsl" with { type: "text" };
import type { TripleTensors } from "./bpr_loss.ts";
import { addGradient, closeGradient } from "./gradient.ts";
import type { Tape, Variable } from "./tape.ts";

/**
 * Records the drawing of a mask of zeros and ones, taken from the tape. It is the caller's to release,
 * or stays until the program's end.
 *
 * @param rate p, from 0 to below 1.
 * @param seed A whole number from 0; masks of one batch need seeds of their own.
 */
export function drawMask(
  tape: Tape,
  shape: readonly number[],
  rate: number,
  seed: number,
  { clock }: Pick<TripleTensors, "clock">,
): Tensor {
  const elements = elementCount(shape);
  const mask = tape.take("dropout mask", shape);
  tape.program.dispatch(
    getKernel(tape.gpu, { name: "draw_mask", code: drawMaskCode }),
    { clock, mask },
    { elements, rate, seed_low: seed % 2 ** 32, seed_high: Math.floor(seed / 2 ** 32) },
    { invocations: elements },
  );
  return mask;
}

/**
 * Records dropout and its adjoint.
 *
 * @param x Of any shape.
 * @param mask Zeros and ones of the same shape; not released here.
 * @param rate p, from 0 to below 1.
 */
export function dropout(tape: Tape, x: Variable, mask: Tensor, rate: number): Variable {
  const scale = 1 / (1 - rate);
  const output: Variable = {
    value: scaledProduct(tape, x.value, mask, scale),
    constant: x.constant,
  };
  tape.adjoint(() => {
    if (output.gradient && !x.constant) {
      addGradient(tape, x, scaledProduct(tape, output.gradient, mask, scale));
    }
    closeGradient(tape, output);
    tape.release(output.value);
  });
  return output;
}

/** Records scale · a ⊙ b. */
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
