/**
 * Everything sparse is one gather: rows of a result, each a weighted sum of rows of a matrix. Which rows,
 * over which entries, and what becomes of a sum, say the parts of kernels/gather.wgsl.
 *
 * @module
 */
import { dispatchParts, type KernelPart } from "../../gpu/part.ts";
import type { Program } from "../../gpu/program.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import batchRowsCode from "../../../kernels/gather/batch_rows.wgsl" with { type: "text" };
import everyRowCode from "../../../kernels/gather/every_row.wgsl" with { type: "text" };
import gatherCode from "../../../kernels/gather.wgsl" with { type: "text" };
import graphEntriesCode from "../../../kernels/gather/graph_entries.wgsl" with { type: "text" };
import packedEntriesCode from "../../../kernels/gather/packed_entries.wgsl" with { type: "text" };
import plainSumCode from "../../../kernels/gather/plain_sum.wgsl" with { type: "text" };
import type { SparseMatrix } from "../../sparse/csr.ts";
import { type Batch, touchedRows } from "../../tape/batch.ts";
import type { Ending } from "../../tape/ending.ts";
import type { SparseTensor } from "./sparse_tensor.ts";

/** Which rows a gather makes. */
export interface GatheredRows extends KernelPart {
  /** How many, at most. */
  readonly count: number;
}

/** All rows of a result, in order. */
export function everyRow(rows: number): GatheredRows {
  const source = { name: "gather/every_row", code: everyRowCode };
  return { source, params: { rows }, count: rows };
}

/**
 * The rows that the current batch touches.
 *
 * @param withStale Whether those that the batch before touched and this one does not are made zero.
 */
export function rowsOfBatch(
  { clock, row, shape }: Batch,
  { withStale = false }: { readonly withStale?: boolean } = {},
): GatheredRows {
  return {
    source: { name: "gather/batch_rows", code: batchRowsCode },
    tensors: { clock, row },
    constants: { with_stale: Number(withStale) },
    count: withStale ? Math.min(shape.rows, 2 * touchedRows(shape)) : touchedRows(shape),
  };
}

/** The entries of a sparse matrix, or some of them: `rowStart` is then rows × 2, their begins and ends. */
export function graphEntries(
  { rowStart: row_start, column, value }: Pick<SparseTensor, "rowStart" | "column" | "value">,
): KernelPart {
  const source = { name: "gather/graph_entries", code: graphEntriesCode };
  const [, row_stride = 1] = row_start.shape;
  return { source, tensors: { row_start, column, value }, constants: { row_stride } };
}

/** Packs the entries of a matrix two words each: column, bits of the weight. */
export function packEntries(
  { column, value }: Pick<SparseMatrix, "column" | "value">,
): Uint32Array<ArrayBuffer> {
  const packed = new Uint32Array(2 * column.length), weights = new Float32Array(packed.buffer);
  column.forEach((id, entry) => packed[2 * entry] = id);
  value.forEach((weight, entry) => weights[2 * entry + 1] = weight);
  return packed;
}

/** A matrix that does not change, on the GPU: `rowStart` as for {@linkcode graphEntries}. */
export interface PackedMatrix {
  /** Where the entries of each row begin. */
  readonly rowStart: Tensor;
  /** As {@linkcode packEntries} packs them. */
  readonly entries: Tensor;
}

/** The same for entries that are packed. */
export function packedEntries({ rowStart: row_start, entries }: PackedMatrix): KernelPart {
  const source = { name: "gather/packed_entries", code: packedEntriesCode };
  const [, row_stride = 1] = row_start.shape;
  return { source, tensors: { row_start, entries }, constants: { row_stride } };
}

/** A sum as it is. */
const PLAIN_SUM: KernelPart = { source: { name: "gather/plain_sum", code: plainSumCode } };

/** What a gather consists of. */
export interface Gather {
  /** Which rows. */
  readonly rows: GatheredRows;
  /** Over which entries. */
  readonly entries: KernelPart;
  /** The matrix whose rows are summed up, dim a multiple of 4. */
  readonly input: Tensor;
  /** What a sum becomes; itself unless told. */
  readonly result?: KernelPart;
  /** What becomes of that. */
  readonly ending: Ending;
}

/** Records a gather. */
export function recordGather(
  program: Program,
  { rows, entries, input, result = PLAIN_SUM, ending }: Gather,
): void {
  const dim4 = input.shape[1]! / 4;
  const source = { name: "gather", code: gatherCode };
  dispatchParts(
    program,
    { source, tensors: { input }, constants: { dim4 } },
    [rows, entries, result, ending],
    { invocations: rows.count * Math.ceil(dim4 / 4) }, // four vec4 each
  );
}
