/**
 * The Gram matrix of a sparse matrix, dense, with something added to its diagonal: Xᵀ D X + λ I.
 *
 * @module
 */
import type { GpuDevice } from "../../gpu/device.ts";
import { getKernel } from "../../gpu/kernel.ts";
import { PacedQueue } from "../../gpu/paced_queue.ts";
import { Program } from "../../gpu/program.ts";
import { createTensors } from "../../gpu/tensor.ts";
import { type SparseMatrix, transpose } from "../../sparse/csr.ts";
import gramRowsCode from "../../../kernels/gram_rows.wgsl" with { type: "text" };
import { packEntries } from "../graphs/gather.ts";
import { requireWalkedRounds } from "../graphs/sparse_tensor.ts";
import type { LargeMatrix } from "./large_matrix.ts";

/** Rows of a dispatch: each is short, and some rows have many entries. */
const ROWS = 1024;

/**
 * Computes Xᵀ D X + λ I.
 *
 * @param weighted D X: rows of X, whose entries are the rows' weights.
 * @param ridge λ.
 * @param gram Of at least as many rows as X has columns; the identity beyond them.
 * @throws {GpuError} when the GPU fails, or a column has more to add up than the software driver's loops can.
 */
export async function gramMatrix(
  gpu: GpuDevice,
  label: string,
  weighted: SparseMatrix,
  ridge: number,
  gram: LargeMatrix,
): Promise<void> {
  const byColumn = transpose(weighted);
  using tensors = createTensors(gpu, {
    a_start: [`${label}: column start`, [byColumn.rowStart.length], byColumn.rowStart],
    a_column: [`${label}: rows of columns`, [byColumn.column.length], byColumn.column],
    b_start: [`${label}: row start`, [weighted.rowStart.length], weighted.rowStart],
    b_entries: [`${label}: entries`, [weighted.column.length, 2], packEntries(weighted)],
  });
  const { [Symbol.dispose]: _, ...bound } = tensors;
  using program = new Program(gpu, label);
  const kernel = getKernel(gpu, { name: "gram_rows", code: gramRowsCode });
  const { size } = gram;
  const { workgroupSize } = kernel, passes = Math.ceil(size / workgroupSize) + 3;
  requireWalkedRounds(gpu, label, byColumn, weighted.rowStart, { workgroupSize, passes });
  for (const { firstRow: slab_row, rows: slab } of gram.slabs) {
    const end = slab_row + slab.shape[0]!;
    for (let first_row = slab_row; first_row < end; first_row += ROWS) {
      const end_row = Math.min(end, first_row + ROWS);
      const where = { first_row, end_row, slab_row };
      program.dispatch(
        kernel,
        { ...bound, gram: slab },
        { rows: byColumn.rowCount, size, ...where, ridge },
        { workgroups: end_row - first_row },
      );
    }
  }
  const queue = new PacedQueue(gpu, label);
  await queue.add([{ program }]);
  await queue.drain();
}
