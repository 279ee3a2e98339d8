/**
 * The inverse of a large matrix, symmetric and positive definite, in its own memory.
 *
 * Sweeping a block of 64 rows k, with D the block on the diagonal and P the rows,
 *
 *     A ← A − Pᵀ D⁻¹ P,   rows and columns k ← D⁻¹ P and its transpose,   the block ← −D⁻¹
 *
 * keeps A symmetric; after all blocks it is minus the inverse. A block costs a matrix product as large as A with an
 * inner dimension of 64, and all together 2 size³ operations. A Cholesky factorisation and its inverse would take
 * half of them, but go by blocks that are ever narrower; as no pivots are needed, both are as exact.
 *
 * Source: Goodnight, The American Statistician 1979.
 *
 * @module
 */
import type { GpuDevice } from "../../gpu/device.ts";
import { getKernel } from "../../gpu/kernel.ts";
import { PacedQueue } from "../../gpu/paced_queue.ts";
import { Scratch } from "../../gpu/scratch.ts";
import { Tape } from "../../tape/tape.ts";
import invertBlockCode from "../../../kernels/invert_block.wgsl" with { type: "text" };
import storeSweptCode from "../../../kernels/store_swept.wgsl" with { type: "text" };
import { copyRows } from "../rows/combine.ts";
import { recordProduct } from "../rows/matrix_product.ts";
import { transposed } from "../rows/rearrange.ts";
import { type LargeMatrix, SLAB_ROWS } from "./large_matrix.ts";

/** Rows of a block, as kernels/invert_block.wgsl has it. */
const SWEPT_ROWS = SLAB_ROWS;

/**
 * Turns a matrix into minus its inverse.
 *
 * @param onBlock Told of the share that is done.
 * @throws {GpuError} when the GPU fails.
 */
export async function negativeInverse(
  gpu: GpuDevice,
  label: string,
  matrix: LargeMatrix,
  onBlock?: (share: number) => void,
): Promise<void> {
  const { size } = matrix;
  using scratch = new Scratch(gpu);
  const queue = new PacedQueue(gpu, label);
  for (let first = 0; first < size; first += SWEPT_ROWS) {
    const tape = new Tape(gpu, label, scratch);
    using program = tape.program;
    recordSweep(tape, matrix, first);
    tape.finish();
    await queue.add([{ program }]);
    queue.flush();
    onBlock?.((first + SWEPT_ROWS) / size);
  }
  await queue.drain();
}

/** Records the sweep of a block. */
function recordSweep(tape: Tape, { size, slabs }: LargeMatrix, first: number): void {
  const { gpu, program } = tape;
  const panel = tape.take("rows of a block", [SWEPT_ROWS, size]);
  const block = tape.take("inverse of a block", [SWEPT_ROWS, SWEPT_ROWS]);
  const product = tape.take("rows after a block", [SWEPT_ROWS, size]);
  const own = slabs.findLast(({ firstRow }) => firstRow <= first)!;
  const whole = { rows: SWEPT_ROWS, columns: size };
  copyRows(tape, own.rows, first - own.firstRow, panel, 0, whole);
  program.dispatch(
    getKernel(gpu, { name: "invert_block", code: invertBlockCode }),
    { panel, block },
    { size, first },
    { workgroups: 1 },
  );
  recordProduct(tape, block, panel, {}, product);
  const across = transposed(tape, panel);
  for (const { firstRow, rows } of slabs) {
    const [count] = rows.shape as [number];
    const part = tape.take("columns of a block", [count, SWEPT_ROWS]);
    copyRows(tape, across, firstRow, part, 0, { rows: count, columns: SWEPT_ROWS });
    recordProduct(tape, part, product, {}, rows, true);
    tape.release(part);
  }
  copyRows(tape, product, 0, own.rows, first - own.firstRow, { ...whole, scale: -1 });
  const kernel = getKernel(gpu, { name: "store_swept", code: storeSweptCode });
  for (const { firstRow: slab_row, rows: slab } of slabs) {
    const [rows] = slab.shape as [number];
    program.dispatch(
      kernel,
      { product, block, matrix: slab },
      { size, first, slab_row, rows },
      { invocations: SWEPT_ROWS * rows },
    );
  }
}
