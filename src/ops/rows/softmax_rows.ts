/**
 * The softmax of every row of a matrix: y_rj = exp(x_rj) / Σ_k exp(x_rk).
 *
 * Adjoint: dL/dx_rj = y_rj (dL/dy_rj − Σ_k y_rk dL/dy_rk).
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import softmaxRowsCode from "../../../kernels/softmax_rows.wgsl" with { type: "text" };
import softmaxRowsAdjointCode from "../../../kernels/softmax_rows_adjoint.wgsl" with {
  type: "text",
};
import { addGradient, closeGradient } from "../../tape/gradient.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/** Records the softmax of the rows of x, rows × width, and its adjoint. */
export function softmaxRows(tape: Tape, x: Variable): Variable {
  const { gpu, program } = tape;
  const { label, shape } = x.value;
  const [rows, width] = shape as [number, number];
  const output: Variable = {
    value: tape.take(`softmax of ${label}`, shape),
    constant: x.constant,
  };
  program.dispatch(
    getKernel(gpu, { name: "softmax_rows", code: softmaxRowsCode }),
    { x: x.value, output: output.value },
    { rows, width },
    { invocations: rows },
  );
  tape.adjoint(() => {
    if (!x.constant && output.gradient) {
      const gradient = tape.take(`gradient of ${label}`, shape);
      program.dispatch(
        getKernel(gpu, { name: "softmax_rows_adjoint", code: softmaxRowsAdjointCode }),
        { share: output.value, share_gradient: output.gradient, gradient },
        { rows, width },
        { invocations: rows },
      );
      addGradient(tape, x, gradient);
    }
    closeGradient(tape, output);
    tape.release(output.value);
  });
  return output;
}
