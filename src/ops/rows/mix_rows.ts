/**
 * Rows between two matrices: c_r = α_r a_t + (1 − α_r) b_r, where a has one row for each place t in a
 * batch, and b and α one for each row r of some blocks of a batch each.
 *
 * Adjoint: dL/da_t = Σ_r α_r dL/dc_r over the blocks, dL/db_r = (1 − α_r) dL/dc_r.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import mixRowsCode from "../../../kernels/mix_rows.wgsl" with { type: "text" };
import mixRowsAdjointCode from "../../../kernels/mix_rows_adjoint.wgsl" with { type: "text" };
import { addGradient, closeGradient } from "../../tape/gradient.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/**
 * Records the mixture and its adjoint.
 *
 * @param share α, one number per row of b.
 * @param a batch size × width.
 * @param b (blocks · batch size) × width.
 */
export function mixRows(tape: Tape, share: Tensor, a: Variable, b: Variable): Variable {
  const { gpu, program } = tape;
  const [rows, width] = b.value.shape as [number, number];
  const batch_size = a.value.shape[0]!;
  const sizes = { rows, width, batch_size };
  const output: Variable = {
    value: tape.take(`${a.value.label} mixed with ${b.value.label}`, b.value.shape),
    constant: a.constant && b.constant,
  };
  program.dispatch(
    getKernel(gpu, { name: "mix_rows", code: mixRowsCode }),
    { share, a: a.value, b: b.value, output: output.value },
    sizes,
    { invocations: rows * width },
  );
  tape.adjoint(() => {
    if (!output.constant && output.gradient) {
      const a_gradient = tape.take(`gradient of ${a.value.label}`, a.value.shape);
      const b_gradient = tape.take(`gradient of ${b.value.label}`, b.value.shape);
      program.dispatch(
        getKernel(gpu, { name: "mix_rows_adjoint", code: mixRowsAdjointCode }),
        { share, direction: output.gradient, a_gradient, b_gradient },
        sizes,
        { invocations: batch_size * width },
      );
      addGradient(tape, a, a_gradient);
      addGradient(tape, b, b_gradient);
    }
    closeGradient(tape, output);
    tape.release(output.value);
  });
  return output;
}
