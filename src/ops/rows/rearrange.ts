/**
 * Copies of matrices whose rows have another length, for kernels that read rows as vec4.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import rearrangeCode from "../../../kernels/rearrange.wgsl" with { type: "text" };
import type { Tape } from "../../tape/tape.ts";

/** A width rounded up to whole vec4. */
export function paddedWidth(width: number): number {
  return Math.ceil(width / 4) * 4;
}

/**
 * Records a copy of the first columns of a matrix, or of its transpose.
 *
 * @param input Rows of any length.
 * @param output As many rows as are copied; columns after the copied ones become zero.
 * @param columns How many of the output's columns are copied.
 * @param transposed Whether output_rc is input_cr.
 */
export function rearrange(
  { gpu, program }: Tape,
  input: Tensor,
  output: Tensor,
  columns: number,
  transposed = false,
): void {
  const [rows, stride] = output.shape as [number, number];
  program.dispatch(
    getKernel(gpu, { name: "rearrange", code: rearrangeCode }),
    { input, output },
    { rows, columns, input_stride: input.shape[1]!, stride, transposed: Number(transposed) },
    { invocations: Math.ceil(rows / 4) * Math.ceil(stride / 4) },
  );
}

/**
 * A matrix with rows padded with zeros to whole vec4: itself where they are, or else a copy, which the
 * caller releases.
 */
export function padded(tape: Tape, matrix: Tensor): Tensor {
  const [rows, width] = matrix.shape as [number, number];
  if (width % 4 === 0) return matrix;
  const output = tape.take(`${matrix.label}, padded`, [rows, paddedWidth(width)]);
  rearrange(tape, matrix, output, width);
  return output;
}

/** The transpose of a matrix with rows padded likewise: a copy, which the caller releases. */
export function transposed(tape: Tape, matrix: Tensor): Tensor {
  const [columns, rows] = matrix.shape as [number, number];
  const output = tape.take(`${matrix.label}, transposed`, [rows, paddedWidth(columns)]);
  rearrange(tape, matrix, output, columns, true);
  return output;
}

/**
 * Has a matrix with rows padded likewise recorded, of which the output gets its columns: the output
 * itself where its rows are whole vec4.
 *
 * @param keep Whether the padded matrix must hold the output's numbers beforehand.
 */
export function throughPadded(
  tape: Tape,
  output: Tensor,
  keep: boolean,
  record: (padded: Tensor) => void,
): void {
  const [rows, width] = output.shape as [number, number];
  if (width % 4 === 0) return record(output);
  const matrix = keep
    ? padded(tape, output)
    : tape.take(`${output.label}, padded`, [rows, paddedWidth(width)]);
  record(matrix);
  rearrange(tape, matrix, output, width);
  tape.release(matrix);
}
