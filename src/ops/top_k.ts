/**
 * The K best candidates of each query by inner product, without ever holding all scores: tiles of
 * scores are made, masked and merged into running lists.
 *
 * Full ranking (queries are users, candidates items, hidden what a user has seen) and cosine kNN
 * (paper, Eq. 3; both are rows of normalised features, hidden the item itself) are this one operation.
 * Nothing is differentiated through it.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { getKernel, LOOP_ROUNDS } from "../gpu/kernel.ts";
import type { Program } from "../gpu/program.ts";
import { createTensors, type Tensor } from "../gpu/tensor.ts";
import maskSeen from "../../kernels/mask_seen.wgsl" with { type: "text" };
import scoresCode from "../../kernels/scores.wgsl" with { type: "text" };
import topK from "../../kernels/top_k.wgsl" with { type: "text" };
import { InputError } from "../input_error.ts";
import type { SparsePattern } from "../sparse/csr.ts";
import { requireRowLengths } from "./sparse_tensor.ts";

/** Some rows of a matrix, and the ids they stand for. */
export interface Block {
  /** The matrix, rows × width, width a multiple of 4. */
  readonly vectors: Tensor;
  /** The block's first row in it. */
  readonly firstRow: number;
  /** The id of that row. */
  readonly firstId: number;
  /** Rows in the block. */
  readonly count: number;
}

/** Which candidates each query must not be shown. */
export interface SeenTensors extends Disposable {
  /** Offsets, queries + 1. */
  readonly rowStart: Tensor;
  /** Candidate ids. */
  readonly column: Tensor;
}

/** Running lists of all queries. */
export interface TopKLists extends Disposable {
  /** List length. */
  readonly k: number;
  /** Scores, queries × k, best first. */
  readonly scores: Tensor;
  /** Candidate ids, likewise; {@linkcode NO_CANDIDATE} where there were too few. */
  readonly ids: Tensor;
}

/** Stands in a list where there was no further candidate. */
export const NO_CANDIDATE = 0xffffffff;

/** The longest list that kernels/top_k.wgsl can keep. */
export const LONGEST_LIST = 128;

/** Rows and candidates of a tile: 16 MiB of scores. */
const TILE_ROWS = 1024, TILE_CANDIDATES = 4096;

/** Elements that {@linkcode recordTopK}'s `tile` must have for so many queries and candidates. */
export function tileElements(queries: number, candidates: number): number {
  return Math.ceil(Math.min(TILE_ROWS, queries) / 8) * 8 * Math.min(TILE_CANDIDATES, candidates);
}

/**
 * Uploads what queries must not be shown.
 *
 * @throws {GpuError} when one has seen too much; see {@linkcode requireRowLengths}.
 */
export function uploadSeen(gpu: Gpu, { rowStart, column }: SparsePattern): SeenTensors {
  requireRowLengths(gpu, "seen", rowStart);
  return createTensors(gpu, {
    rowStart: ["seen row_start", [rowStart.length], rowStart],
    column: ["seen column", [column.length], column],
  });
}

/**
 * Checks the length of a list; `name` is what the message calls it.
 *
 * @throws {InputError} when it is not a whole number from 1 to 128.
 */
export function requireListLength(name: string, length: number): void {
  if (!Number.isInteger(length) || length < 1 || length > LONGEST_LIST) {
    throw new InputError(
      `${name} is ${length}, but must be a whole number from 1 to ${LONGEST_LIST}.`,
    );
  }
}

/**
 * Allocates lists for `queries` rows.
 *
 * @throws {InputError} when `k` is not a whole number from 1 to 128.
 */
export function createLists(gpu: Gpu, queries: number, k: number): TopKLists {
  requireListLength("k", k);
  const tensors = createTensors(gpu, {
    scores: ["best scores", [queries, k]],
    ids: ["best ids", [queries, k]],
  });
  return { k, ...tensors };
}

/**
 * Records that the lists of a block of queries take in a block of candidates. Blocks of candidates
 * must come in ascending order of ids; the one that starts with id 0 empties the lists first.
 */
export function recordTopK(
  program: Program,
  queries: Block,
  candidates: Block,
  seen: SeenTensors,
  { k, scores: best_score, ids: best_id }: TopKLists,
  tile: Tensor,
): void {
  const { gpu } = program;
  const width4 = queries.vectors.shape[1]! / 4;
  const scoresKernel = getKernel(gpu, { name: "scores", code: scoresCode });
  const maskKernel = getKernel(gpu, { name: "mask_seen", code: maskSeen });
  const topKKernel = getKernel(gpu, { name: "top_k", code: topK });
  // Where every candidate is better than all before it, each takes k + 2 rounds of top_k's loops.
  const tileCandidates = Math.min(TILE_CANDIDATES, Math.floor((LOOP_ROUNDS - 2 * k - 3) / (k + 2)));
  for (let row = 0; row < queries.count; row += TILE_ROWS) {
    const row_count = Math.min(TILE_ROWS, queries.count - row);
    const row_groups = Math.ceil(row_count / 8);
    const size = { invocations: row_count };
    for (let c = 0; c < candidates.count; c += tileCandidates) {
      const candidate_count = Math.min(tileCandidates, candidates.count - c);
      const ids = {
        first_query: queries.firstId + row,
        row_count,
        row_stride: row_groups * 8,
        first_candidate: candidates.firstId + c,
        candidate_count,
      };
      program.dispatch(
        scoresKernel,
        { queries: queries.vectors, candidates: candidates.vectors, scores: tile },
        {
          first_row: queries.firstRow + row,
          row_count,
          first_candidate_row: candidates.firstRow + c,
          candidate_count,
          width4,
        },
        { workgroups: row_groups * Math.ceil(candidate_count / (4 * scoresKernel.workgroupSize)) },
      );
      const { rowStart: row_start, column } = seen;
      program.dispatch(maskKernel, { row_start, column, scores: tile }, ids, size);
      program.dispatch(topKKernel, { scores: tile, best_score, best_id }, { ...ids, k }, size);
    }
  }
}
