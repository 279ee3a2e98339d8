/**
 * Scores that are products of sparse matrices, A · B, in tiles: what a user's items lead to by lists of similar
 * items, and what two items or users have in common, from which such lists are made. Nothing is differentiated
 * through it.
 *
 * @module
 */
import type { GpuDevice } from "../../gpu/device.ts";
import { getKernel } from "../../gpu/kernel.ts";
import { dispatchParts, type KernelPart } from "../../gpu/part.ts";
import type { Program } from "../../gpu/program.ts";
import { createTensor, type Tensor } from "../../gpu/tensor.ts";
import type { SparseMatrix } from "../../sparse/csr.ts";
import similarityCode from "../../../kernels/score_of/similarity.wgsl" with { type: "text" };
import sumCode from "../../../kernels/score_of/sum.wgsl" with { type: "text" };
import sparseScores from "../../../kernels/sparse_scores.wgsl" with { type: "text" };
import { packEntries } from "../graphs/gather.ts";
import { requireWalkedRounds } from "../graphs/sparse_tensor.ts";

/** The most candidates of a tile, as kernels/sparse_scores.wgsl has it. */
export const SPARSE_CANDIDATES = 4000;

/** B of a product A · B, uploaded: each row has some candidates and what they are worth. */
export interface CandidateRows extends Disposable {
  /** Number of rows. */
  readonly rowCount: number;
  /** Number of candidates. */
  readonly columnCount: number;
  /** `rowCount + 1` offsets. */
  readonly rowStart: Uint32Array<ArrayBuffer>;
  /** Candidates, ascending in each row. */
  readonly column: Uint32Array<ArrayBuffer>;
  /** Entries × 2: candidate, bits of the value. */
  readonly entries: Tensor;
}

/** A product A · B whose numbers are scores, or a part of them. */
export interface SparseScores {
  /** A, queries × rows of B. */
  readonly queries: SparseMatrix;
  /** B, × candidates. */
  readonly rows: CandidateRows;
  /** What becomes of a sum, where that is more than a score. */
  readonly similarity?: Similarity;
}

/** A similarity by what two rows have in common: (sum / (scale · scale + shrinkage)) ^ power, 0 left out. */
export interface Similarity {
  /** Per query. */
  readonly queryScale: Tensor;
  /** Per candidate. */
  readonly candidateScale: Tensor;
  /** 0 or more. */
  readonly shrinkage: number;
  /** Above 0. */
  readonly power: number;
}

/**
 * Uploads B of a product.
 *
 * @throws {GpuError} when it exceeds what the adapter can hold.
 */
export function uploadCandidateRows(
  gpu: GpuDevice,
  label: string,
  { value, ...pattern }: SparseMatrix,
): CandidateRows {
  const packed = packEntries({ column: pattern.column, value });
  const entries = createTensor(gpu, `${label} entries`, [pattern.column.length, 2], packed);
  return { ...pattern, entries, [Symbol.dispose]: () => entries[Symbol.dispose]() };
}

/** Where scores go, and which are wanted. */
export interface ScoreTile {
  /** The scores, laid out as kernels/scores.wgsl says. */
  readonly scores: Tensor;
  /** The most queries in a tile. */
  readonly rows: number;
  /** The most candidates in a tile, a multiple of 4. */
  readonly candidates: number;
  /** Records of the blocks of queries. */
  readonly query_block: Tensor;
  /** Records of the blocks of candidates. */
  readonly candidate_block: Tensor;
}

/**
 * Records a tile of a product.
 *
 * @param added Whether it is added to what is there.
 * @param resources Get what is uploaded for it, and live as long as the program.
 * @throws {GpuError} when a query has more to add up than the software driver's loops can.
 */
export function recordSparseScores(
  program: Program,
  { scores, rows, candidates, query_block, candidate_block }: ScoreTile,
  { queries, rows: matrix, similarity }: SparseScores,
  added: boolean,
  resources: DisposableStack,
): void {
  const { gpu } = program;
  const blocks = Math.ceil(matrix.columnCount / candidates);
  const starts = blockStarts(matrix, candidates, blocks);
  const upload = (name: string, shape: number[], data: Uint32Array<ArrayBuffer>): Tensor =>
    resources.use(createTensor(gpu, `${program.label}: ${name}`, shape, data));
  const kernel = {
    source: { name: "sparse_scores", code: sparseScores },
    tensors: {
      a_start: upload("query start", [queries.rowCount + 1], queries.rowStart),
      a_entries: upload("query entries", [queries.column.length, 2], packEntries(queries)),
      b_start: upload("candidate start", [starts.length], starts),
      b_entries: matrix.entries,
      scores,
      query_block,
      candidate_block,
    },
    params: { row_stride: rows, blocks, block_size: candidates },
  };
  const part = partOf(similarity, added);
  const source = { ...kernel.source, parts: [part.source] };
  const { workgroupSize } = getKernel(gpu, source, part.constants);
  const passes = 2 * Math.ceil(SPARSE_CANDIDATES / workgroupSize) + 3;
  requireWalkedRounds(gpu, program.label, queries, matrix.rowStart, { workgroupSize, passes });
  dispatchParts(program, kernel, [part], { workgroups: rows });
}

/** What becomes of a sum. */
function partOf(similarity: Similarity | undefined, added: boolean): KernelPart {
  if (!similarity) {
    const source = { name: "score_of/sum", code: sumCode };
    return { source, constants: { added: Number(added) } };
  }
  const { queryScale: query_scale, candidateScale: candidate_scale, ...constants } = similarity;
  const source = { name: "score_of/similarity", code: similarityCode };
  return { source, tensors: { query_scale, candidate_scale }, constants };
}

/** Where the entries of each row and block of candidates begin: rows × blocks + 1 offsets. */
function blockStarts(
  { rowCount, rowStart, column }: CandidateRows,
  size: number,
  blocks: number,
): Uint32Array<ArrayBuffer> {
  const starts = new Uint32Array(rowCount * blocks + 1);
  for (let row = 0; row < rowCount; row++) {
    let entry = rowStart[row]!;
    const end = rowStart[row + 1]!;
    for (let block = 0; block < blocks; block++) {
      starts[row * blocks + block] = entry;
      while (entry < end && column[entry]! < (block + 1) * size) entry++;
    }
  }
  starts[rowCount * blocks] = column.length;
  return starts;
}
