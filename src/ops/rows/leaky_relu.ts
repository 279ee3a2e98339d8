/**
 * LeakyReLU: y = x where x > 0, slope · x elsewhere; ReLU with slope 0.
 *
 * Adjoint: dx is dy times the slope at x.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import { elementCount, type Tensor } from "../../gpu/tensor.ts";
import leakyReluCode from "../../../kernels/leaky_relu.wgsl" with { type: "text" };
import { addGradient, closeGradient } from "../../tape/gradient.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/**
 * Records LeakyReLU and its adjoint.
 *
 * @param x Of any shape.
 * @param slope Where x is not positive.
 */
export function leakyRelu(tape: Tape, x: Variable, slope: number): Variable {
  const output: Variable = { value: timesSlope(tape, x, x.value, slope), constant: x.constant };
  tape.adjoint(() => {
    if (output.gradient && !x.constant) {
      addGradient(tape, x, timesSlope(tape, x, output.gradient, slope));
    }
    closeGradient(tape, output);
    tape.release(output.value);
  });
  return output;
}

/** Records source times the slope at x. */
function timesSlope(tape: Tape, x: Variable, source: Tensor, slope: number): Tensor {
  const elements = elementCount(x.value.shape);
  const output = tape.take(`activated ${source.label}`, x.value.shape);
  tape.program.dispatch(
    getKernel(tape.gpu, { name: "leaky_relu", code: leakyReluCode }),
    { x: x.value, source, output },
    { elements, slope },
    { invocations: elements },
  );
  return output;
}
