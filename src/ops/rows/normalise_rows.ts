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
import { addGradient } from "../../tape/gradient.ts";
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
  const { label, shape } = x.value;
  const [rows, width] = shape as [number, number];
  const lanes = lanesFor(width);
  const params = { rows, width, epsilon: EPSILON };
  const size = { invocations: rows * lanes };
  const row_length = tape.take(`row lengths of ${label}`, [rows]);
  const y = tape.take(`normalised ${label}`, shape);
  program.dispatch(
    getKernel(gpu, { name: "normalise_rows", code: normaliseRowsCode }, { lanes }),
    { x: x.value, row_length, output: y },
    params,
    size,
  );
  return tape.operation(y, [x], (dy) => {
    const gradient = tape.take(`gradient of ${label}`, shape);
    const source = { name: "normalise_rows_adjoint", code: normaliseRowsAdjointCode };
    program.dispatch(
      getKernel(gpu, source, { lanes }),
      { y, y_gradient: dy, row_length, gradient },
      params,
      size,
    );
    addGradient(tape, x, gradient);
  }, [y, row_length]);
}
