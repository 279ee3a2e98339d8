/**
 * LeakyReLU: y = x where x > 0, slope · x elsewhere; ReLU with slope 0.
 *
 * Adjoint: dx = dy where x > 0, slope · dy elsewhere.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import { elementCount, type Tensor } from "../../gpu/tensor.ts";
import leakyReluCode from "../../../kernels/leaky_relu.wgsl" with { type: "text" };
import { addGradient } from "../../tape/gradient.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/**
 * Records LeakyReLU and its adjoint.
 *
 * @param x Of any shape.
 * @param slope Where x is not positive.
 */
export function leakyRelu(tape: Tape, x: Variable, slope: number): Variable {
  const y = timesSlope(tape, x.value, x.value, slope);
  return tape.operation(
    y,
    [x],
    (dy) => addGradient(tape, x, timesSlope(tape, dy, x.value, slope)),
  );
}

/** Records source where x > 0 and slope · source elsewhere, taken from the tape. */
function timesSlope(tape: Tape, source: Tensor, x: Tensor, slope: number): Tensor {
  const elements = elementCount(x.shape);
  const output = tape.take(`activated ${source.label}`, x.shape);
  tape.program.dispatch(
    getKernel(tape.gpu, { name: "leaky_relu", code: leakyReluCode }),
    { x, source, output },
    { elements, slope },
    { invocations: elements },
  );
  return output;
}
