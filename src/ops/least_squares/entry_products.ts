/**
 * What a factorisation says of the entries of a sparse matrix: value_e = offset + factor · ⟨a_row, b_column⟩.
 * Nothing is differentiated through it.
 *
 * @module
 */
import { type GpuDevice } from "../../gpu/device.ts";
import { getKernel } from "../../gpu/kernel.ts";
import type { Program } from "../../gpu/program.ts";
import { stretches } from "../../gpu/stretches.ts";
import { createTensor, type Tensor } from "../../gpu/tensor.ts";
import type { SparseMatrix } from "../../sparse/csr.ts";
import entryProductsCode from "../../../kernels/entry_products.wgsl" with { type: "text" };
import { type PackedMatrix, uploadSparse } from "../graphs/packed_matrix.ts";

/** A matrix whose values are made on the GPU, again and again. */
export interface EntryMatrix extends PackedMatrix {
  /** The row of each entry. */
  readonly entryRow: Tensor;
}

/**
 * Uploads a matrix.
 *
 * @throws {GpuError} as {@linkcode uploadSparse} does.
 */
export function uploadEntries(gpu: GpuDevice, label: string, matrix: SparseMatrix): EntryMatrix {
  const { rowCount, rowStart, column: { length: count } } = matrix;
  using guard = new DisposableStack();
  const packed = guard.use(uploadSparse(gpu, label, matrix));
  const rows = new Uint32Array(count);
  for (let row = 0; row < rowCount; row++) rows.fill(row, rowStart[row], rowStart[row + 1]);
  const entryRow = guard.use(createTensor(gpu, `${label} rows of entries`, [count], rows));
  const owned = guard.move();
  return { ...packed, entryRow, [Symbol.dispose]: () => owned.dispose() };
}

/**
 * Records that the values of a matrix are made.
 *
 * @param a Its rows' vectors, dim a multiple of 4.
 * @param b Its columns' vectors.
 */
export function recordEntryProducts(
  program: Program,
  { entries, entryRow: row }: EntryMatrix,
  { a, b }: Readonly<Record<"a" | "b", Tensor>>,
  { offset, factor }: { readonly offset: number; readonly factor: number },
): void {
  const dim = a.shape[1]!;
  const source = { name: "entry_products", code: entryProductsCode };
  const kernel = getKernel(program.gpu, source, { dim4: dim / 4, offset, factor });
  for (const { first, count } of stretches({ units: row.shape[0]!, largestUnit: 2 * dim })) {
    const params = { first, end: first + count };
    program.dispatch(kernel, { row, a, b, entries }, params, { invocations: count });
  }
}
