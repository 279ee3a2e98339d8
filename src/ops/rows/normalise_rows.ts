/**
 * Rows scaled to length 1: y_r = x_r / max(‖x_r‖, ε).
 *
 * Adjoint: what the gradient has along the row is taken away, dx_r = (dy_r − ⟨dy_r, y_r⟩ y_r) / ‖x_r‖;
 * dy_r / ε where the row is shorter than ε.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import normaliseRowsCode from "../../../kernels/normalise_rows.wgsl" with { type: "text" };
import normaliseRowsAdjointCode from "../../../kernels/normalise_rows_adjoint.wgsl" with {
  type: "text",
};
import { addGradient, closeGradient } from "../../tape/gradient.ts";
import { lanesFor } from "./row_lanes.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/** ε, which keeps the division finite, as in PyTorch. */
const EPSILON = 1e-12;

/**
 * Records the scaling and its adjoint.
 *
 * @param x rows × width, any width.
 */
export function normaliseRows(tape: Tape, x: Variable): Variable {
  const { gpu, program } = tape;
  const [rows, width] = x.value.shape as [number, number];
  const lanes = lanesFor(width);
  const params = { rows, width, epsilon: EPSILON };
  const size = { invocations: rows * lanes };
  const row_length = tape.take(`row lengths of ${x.value.label}`, [rows]);
  const output: Variable = {
    value: tape.take(`normalised ${x.value.label}`, x.value.shape),
    constant: x.constant,
  };
  program.dispatch(
    getKernel(gpu, { name: "normalise_rows", code: normaliseRowsCode }, { lanes }),
    { x: x.value, row_length, output: output.value },
    params,
    size,
  );
  tape.adjoint(() => {
    if (output.gradient && !x.constant) {
      const gradient = tape.take(`gradient of ${x.value.label}`, x.value.shape);
      program.dispatch(
        getKernel(gpu, { name: "normalise_rows_adjoint", code: normaliseRowsAdjointCode }, {
          lanes,
        }),
        { y: output.value, y_gradient: output.gradient, row_length, gradient },
        params,
        size,
      );
      addGradient(tape, x, gradient);
    }
    closeGradient(tape, output);
    tape.release(output.value);
    tape.release(row_length);
  });
  return output;
}
