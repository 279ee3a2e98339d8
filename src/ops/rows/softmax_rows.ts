/**
 * The softmax of every row of a matrix: y_rj = exp(x_rj) / Σ_k exp(x_rk).
 *
 * Adjoint: dx_rj = y_rj (dy_rj − Σ_k y_rk dy_rk).
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import softmaxRowsCode from "../../../kernels/softmax_rows.wgsl" with { type: "text" };
import softmaxRowsAdjointCode from "../../../kernels/softmax_rows_adjoint.wgsl" with {
  type: "text",
};
import { addGradient } from "../../tape/gradient.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/**
 * Records the softmax and its adjoint.
 *
 * @param x rows × width, any width.
 */
export function softmaxRows(tape: Tape, x: Variable): Variable {
  const { gpu, program } = tape;
  const { label, shape } = x.value;
  const [rows, width] = shape as [number, number];
  const y = tape.take(`softmax of ${label}`, shape);
  program.dispatch(
    getKernel(gpu, { name: "softmax_rows", code: softmaxRowsCode }),
    { x: x.value, output: y },
    { rows, width },
    { invocations: rows },
  );
  return tape.operation(y, [x], (dy) => {
    const gradient = tape.take(`gradient of ${label}`, shape);
    program.dispatch(
      getKernel(gpu, { name: "softmax_rows_adjoint", code: softmaxRowsAdjointCode }),
      { share: y, share_gradient: dy, gradient },
      { rows, width },
      { invocations: rows },
    );
    addGradient(tape, x, gradient);
  }, [y]);
}
