/**
 * A constant sparse matrix times a dense one: Y = A X.
 *
 * Adjoint: dX = Aᵀ dY, gathered by the rows of Aᵀ, so that nothing is scattered.
 *
 * @module
 */
import type { Tensor } from "../../gpu/tensor.ts";
import { addedTo, storedIn } from "../../tape/ending.ts";
import { addGradientInPlace } from "../../tape/gradient.ts";
import { padded, throughPadded } from "../rows/rearrange.ts";
import { recordGraphGather } from "./graph_gather.ts";
import type { PackedMatrix } from "./packed_matrix.ts";
import type { SparseTensor } from "./sparse_tensor.ts";
import type { Tape, Variable } from "../../tape/tape.ts";

/** A matrix that products are taken with. */
export type ProductMatrix = PackedMatrix | SparseTensor;

/**
 * Records Y = A X and its adjoint.
 *
 * @param transposed Aᵀ; A itself where it is symmetric.
 * @param x columns of A × width, any width.
 * @returns rows of A × width.
 */
export function sparseProduct(
  tape: Tape,
  matrix: ProductMatrix,
  transposed: ProductMatrix,
  x: Variable,
): Variable {
  const shape = [matrix.rowCount, x.value.shape[1]!];
  const y = tape.take(`neighbours' ${x.value.label}`, shape);
  recordSparseProduct(tape, matrix, x.value, y);
  return tape.operation(
    y,
    [x],
    (dy) =>
      addGradientInPlace(
        tape,
        x,
        (dx, keep) => recordSparseProduct(tape, transposed, dy, dx, keep),
      ),
  );
}

/** Records output = A input, or adds it to the output; any width. */
export function recordSparseProduct(
  tape: Tape,
  matrix: ProductMatrix,
  input: Tensor,
  output: Tensor,
  accumulate = false,
): void {
  const from = padded(tape, input);
  throughPadded(tape, output, accumulate, (to) =>
    recordGraphGather(tape, matrix, {
      input: from,
      ending: accumulate ? addedTo(to) : storedIn(to),
    }));
  if (from !== input) tape.release(from);
}
