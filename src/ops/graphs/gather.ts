/**
 * Everything sparse is one gather: rows of a result, each a weighted sum of rows of a matrix. Which rows,
 * over which entries, and what becomes of a sum, say the parts of kernels/gather.wgsl. What waits for the
 * longest of some rows that lie side by side, as hardware does, shares rows between groups of invocations.
 *
 * @module
 */
import type { GpuDevice } from "../../gpu/device.ts";
import { dispatchParts, type KernelPart } from "../../gpu/part.ts";
import type { Program } from "../../gpu/program.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import batchRowsCode from "../../../kernels/gather/batch_rows.wgsl" with { type: "text" };
import everyRowCode from "../../../kernels/gather/every_row.wgsl" with { type: "text" };
import gatherCode from "../../../kernels/gather.wgsl" with { type: "text" };
import graphEntriesCode from "../../../kernels/gather/graph_entries.wgsl" with { type: "text" };
import ownSumCode from "../../../kernels/gather/own_sum.wgsl" with { type: "text" };
import packedEntriesCode from "../../../kernels/gather/packed_entries.wgsl" with { type: "text" };
import plainSumCode from "../../../kernels/gather/plain_sum.wgsl" with { type: "text" };
import rowBoundsCode from "../../../kernels/gather/row_bounds.wgsl" with { type: "text" };
import rowSegmentsCode from "../../../kernels/gather/row_segments.wgsl" with { type: "text" };
import sharedSumCode from "../../../kernels/gather/shared_sum.wgsl" with { type: "text" };
import wholeRowsCode from "../../../kernels/gather/whole_rows.wgsl" with { type: "text" };
import type { SparseMatrix } from "../../sparse/csr.ts";
import { SEGMENTS_PER_BLOCK } from "../../sparse/row_segments.ts";
import { type Batch, touchedRows } from "../../tape/batch.ts";
import type { Ending } from "../../tape/ending.ts";

/** Invocations of a group at most: kernels/gather/shared_sum.wgsl has room for so many sums. */
const MOST_LANES = 16;

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

/** Where the rows of a sparse matrix have their entries; rows × 2, begins and ends, where not all of them count. */
export function rowBounds(row_start: Tensor): KernelPart {
  const source = { name: "gather/row_bounds", code: rowBoundsCode };
  const [, row_stride = 1] = row_start.shape;
  return { source, tensors: { row_start }, constants: { row_stride } };
}

/** The entries of a sparse matrix that may change on the GPU. */
export function graphEntries(
  { column, value }: { readonly column: Tensor; readonly value: Tensor },
): KernelPart {
  return {
    source: { name: "gather/graph_entries", code: graphEntriesCode },
    tensors: { column, value },
  };
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

/** The entries of a sparse matrix as {@linkcode packEntries} packs them. */
export function packedEntries(entries: Tensor): KernelPart {
  const source = { name: "gather/packed_entries", code: packedEntriesCode };
  return { source, tensors: { entries } };
}

/** Who walks what of the rows that a gather makes. */
export interface Walk {
  /** The part of kernels/gather.wgsl, and its own parts. */
  readonly parts: readonly KernelPart[];
  /** How many groups of invocations walk. */
  readonly groups: number;
}

/** How {@linkcode wholeRows} are shared between groups. */
export interface RowSharing {
  /** Where the rows have their entries: {@linkcode rowBounds}; nothing where the entries tell. */
  readonly bounds?: KernelPart;
  /** Groups set aside for a row on hardware: a power of two, at most 16. */
  readonly share?: number;
  /** Entries that a group walks where the row has enough groups. */
  readonly longest?: number;
  /** Entries of a row at most: longer ones are left out. */
  readonly mostEntries?: number;
}

/** Whole rows, with as many groups set aside for each as for any other. */
export function wholeRows(
  gpu: GpuDevice,
  rows: GatheredRows,
  { bounds, share = SEGMENTS_PER_BLOCK, longest = 1, mostEntries = 2 ** 32 - 1 }: RowSharing,
): Walk {
  const groups = balances(gpu) ? share : 1;
  const source = { name: "gather/whole_rows", code: wholeRowsCode };
  const constants = { share: groups, longest, most_entries: mostEntries };
  return {
    parts: [{ source, constants }, rows, ...bounds ? [bounds] : []],
    groups: groups * rows.count,
  };
}

/**
 * Segments of rows, as ../../sparse/row_segments.ts deals them out: those from `first` to `end`, whole
 * blocks. Only where {@linkcode balances}.
 */
export function rowSegments(segments: Tensor, first: number, end: number): Walk {
  const source = { name: "gather/row_segments", code: rowSegmentsCode };
  const params = { first_segment: first, end_segment: end };
  return { parts: [{ source, tensors: { segments }, params }], groups: end - first };
}

/**
 * Whether rows are shared between groups of invocations: on GPUs, where these wait for each other in any
 * case. llvmpipe does their work one after the other, and takes 1.2 times as long.
 */
export function balances(gpu: Pick<GpuDevice, "gathersFromImages">): boolean {
  return !gpu.gathersFromImages;
}

/** How sums are made, with the vec4 of a row that an invocation takes, as the parts declare them. */
const SHARED_SUM = { source: { name: "gather/shared_sum", code: sharedSumCode }, vectors: 1 };
const OWN_SUM = { source: { name: "gather/own_sum", code: ownSumCode }, vectors: 4 };

/** A sum as it is. */
const PLAIN_SUM: KernelPart = { source: { name: "gather/plain_sum", code: plainSumCode } };

/** What a gather consists of. */
export interface Gather {
  /** Who walks what. */
  readonly walk: Walk;
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
  { walk, entries, input, result = PLAIN_SUM, ending }: Gather,
): void {
  const dim4 = input.shape[1]! / 4;
  const { vectors, ...sum } = balances(program.gpu) ? SHARED_SUM : OWN_SUM;
  const lanes = Math.min(MOST_LANES, Math.ceil(dim4 / vectors));
  const workgroup_size = SEGMENTS_PER_BLOCK * lanes, turns = Math.ceil(dim4 / (vectors * lanes));
  dispatchParts(
    program,
    {
      source: { name: "gather", code: gatherCode },
      tensors: { input },
      constants: { dim4, lanes, workgroup_size },
    },
    [...walk.parts, entries, sum, result, ending],
    { invocations: Math.ceil(walk.groups / SEGMENTS_PER_BLOCK) * turns * workgroup_size },
  );
}
