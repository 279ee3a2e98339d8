/**
 * Rows between those of two matrices: c_r = α_r a_t + (1 − α_r) b_r, where b has several lists of a batch,
 * one above the other, a has one, and row r of b is of the triple t = r mod batch size.
 *
 * Adjoint: da_t = Σ_r α_r dc_r over the rows r of t, db_r = (1 − α_r) dc_r.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import mixRowsCode from "../../../kernels/mix_rows.wgsl" with { type: "text" };
import mixRowsAdjointCode from "../../../kernels/mix_rows_adjoint.wgsl" with { type: "text" };
import { addGradient } from "../../tape/gradient.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/**
 * Records the mixture and its adjoint.
 *
 * @param a batch size × width.
 * @param b (lists · batch size) × width.
 * @param share α, one number per row of b; constant, and stays the caller's.
 * @returns As large as b.
 */
export function mixRows(tape: Tape, a: Variable, b: Variable, share: Tensor): Variable {
  const { gpu, program } = tape;
  const [rows, width] = b.value.shape as [number, number];
  const batch_size = a.value.shape[0]!;
  const sizes = { rows, width, batch_size };
  const c = tape.take(`${a.value.label} mixed with ${b.value.label}`, b.value.shape);
  program.dispatch(
    getKernel(gpu, { name: "mix_rows", code: mixRowsCode }),
    { share, a: a.value, b: b.value, output: c },
    sizes,
    { invocations: rows * width },
  );
  return tape.operation(c, [a, b], (dc) => {
    const a_gradient = tape.take(`gradient of ${a.value.label}`, a.value.shape);
    const b_gradient = tape.take(`gradient of ${b.value.label}`, b.value.shape);
    program.dispatch(
      getKernel(gpu, { name: "mix_rows_adjoint", code: mixRowsAdjointCode }),
      { share, direction: dc, a_gradient, b_gradient },
      sizes,
      { invocations: batch_size * width },
    );
    addGradient(tape, a, a_gradient);
    addGradient(tape, b, b_gradient);
  });
}
