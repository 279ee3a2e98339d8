/**
 * The rows of a matrix that are asked about, one below the other: Y_r = X_(row_r).
 *
 * Nothing is differentiated through it; src/ops/rows/gather_batch.ts is for training.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import { createTensor, type Tensor } from "../../gpu/tensor.ts";
import gatherElementsCode from "../../../kernels/gather_elements.wgsl" with { type: "text" };
import type { Tape } from "../../tape/tape.ts";

/**
 * Records the picking.
 *
 * @param x A matrix.
 * @param rows Which rows, in any order; one may come up more than once.
 * @param resources Keeps what is uploaded, for as long as the program is to run.
 * @returns As many rows as asked for, as wide as the matrix.
 */
export function pickRows(
  tape: Tape,
  x: Tensor,
  rows: readonly number[],
  resources: DisposableStack,
): Tensor {
  const { gpu, program } = tape;
  const width = x.shape[1]!;
  const elements = rows.length * width;
  const places = Uint32Array.from(
    { length: elements },
    (_, at) => rows[Math.floor(at / width)]! * width + at % width,
  );
  const place = resources.use(createTensor(gpu, "picked places", [elements], places));
  const output = tape.take(`picked rows of ${x.label}`, [rows.length, width]);
  program.dispatch(
    getKernel(gpu, { name: "gather_elements", code: gatherElementsCode }),
    { place, source: x, output },
    { elements },
    { invocations: elements },
  );
  return output;
}
