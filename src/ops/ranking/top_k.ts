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
import type { GpuDevice } from "../../gpu/device.ts";
import { fitsImage, type MatrixImage } from "../../gpu/gather/image.ts";
import { getKernel, type Kernel, LOOP_ROUNDS } from "../../gpu/kernel.ts";
import type { Program } from "../../gpu/program.ts";
import { createTensors, type Tensor } from "../../gpu/tensor.ts";
import maskRanked from "../../../kernels/mask_ranked.wgsl" with { type: "text" };
import maskSeen from "../../../kernels/mask_seen.wgsl" with { type: "text" };
import scoresCode from "../../../kernels/scores.wgsl" with { type: "text" };
import scoresImage from "../../../kernels/scores_image.wgsl" with { type: "text" };
import topK from "../../../kernels/top_k.wgsl" with { type: "text" };
import { InputError } from "../../input_error.ts";
import type { SparsePattern } from "../../sparse/csr.ts";
import { requireRowLengths } from "../graphs/sparse_tensor.ts";
import type { Tape } from "../../tape/tape.ts";

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
  /** Per query, where its hidden candidates begin; queries + 1 offsets. */
  readonly rowStart: Tensor;
  /** Candidate ids. */
  readonly column: Tensor;
}

/** The best candidates so far of every query. */
export interface TopKLists extends Disposable {
  /** List length. */
  readonly k: number;
  /** Scores, queries × k, best first. */
  readonly scores: Tensor;
  /** Candidate ids, likewise; {@linkcode NO_CANDIDATE} where there were too few. */
  readonly ids: Tensor;
}

/** What each query's list ended with, where another goes on from there. */
export interface ListEnds {
  /** The last scores, one per query. */
  readonly scores: Tensor;
  /** The last candidate ids, likewise; {@linkcode NO_CANDIDATE} where there were too few. */
  readonly ids: Tensor;
}

/** Stands in a list where there was no further candidate. */
export const NO_CANDIDATE = 0xffffffff;

/** The longest list that kernels/top_k.wgsl can keep. */
export const LONGEST_LIST = 128;

/** Rows and candidates of a tile: 16 MiB of scores. */
const TILE_ROWS = 1024, TILE_CANDIDATES = 4096;

/** The most bytes that an image of a tile's candidates may have; only wide features reach it. */
const IMAGE_BYTES = 16 * 2 ** 20;

/**
 * Uploads what queries must not be shown.
 *
 * @throws {GpuError} when one has seen too much; see {@linkcode requireRowLengths}.
 */
export function uploadSeen(gpu: GpuDevice, { rowStart, column }: SparsePattern): SeenTensors {
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
export function createLists(gpu: GpuDevice, queries: number, k: number): TopKLists {
  requireListLength("k", k);
  const tensors = createTensors(gpu, {
    scores: ["best scores", [queries, k]],
    ids: ["best ids", [queries, k]],
  });
  return { k, ...tensors };
}

/**
 * Records the merging of a block of candidates into the lists of a block of queries. Blocks of candidates
 * must come in ascending order of ids; the one that starts with id 0 empties the lists first.
 *
 * @param after Where lists go on that were made before: they get what follows. Their own first
 * candidates unless told.
 */
export function recordTopK(
  tape: Tape,
  queries: Block,
  candidates: Block,
  seen: SeenTensors,
  { k, scores: best_score, ids: best_id }: TopKLists,
  after?: ListEnds,
): void {
  const { gpu, program } = tape;
  const maskKernel = getKernel(gpu, { name: "mask_seen", code: maskSeen });
  const topKKernel = getKernel(gpu, { name: "top_k", code: topK });
  const tile = takeTile(tape, queries, candidates, k);
  const { scores } = tile;
  for (let row = 0; row < queries.count; row += tile.rows) {
    const row_count = Math.min(tile.rows, queries.count - row);
    const tileQueries = partOf(queries, row, row_count);
    const size = { invocations: row_count };
    if (tile.images) copyBlock(program, tileQueries, tile.images.queries);
    for (let c = 0; c < candidates.count; c += tile.candidates) {
      const candidate_count = Math.min(tile.candidates, candidates.count - c);
      const tileCandidates = partOf(candidates, c, candidate_count);
      if (tile.images) copyBlock(program, tileCandidates, tile.images.candidates);
      recordScores(program, tileQueries, tileCandidates, tile);
      const ids = {
        first_query: tileQueries.firstId,
        row_count,
        row_stride: Math.ceil(row_count / 8) * 8,
        first_candidate: tileCandidates.firstId,
        candidate_count,
      };
      const { rowStart: row_start, column } = seen;
      program.dispatch(maskKernel, { row_start, column, scores }, ids, size);
      if (after) {
        program.dispatch(
          getKernel(gpu, { name: "mask_ranked", code: maskRanked }),
          { last_score: after.scores, last_id: after.ids, scores },
          ids,
          { invocations: ids.row_stride * Math.ceil(candidate_count / 4) },
        );
      }
      program.dispatch(topKKernel, { scores, best_score, best_id }, { ...ids, k }, size);
    }
  }
  tile.release();
}

function partOf({ vectors, firstRow, firstId }: Block, first: number, count: number): Block {
  return { vectors, firstRow: firstRow + first, firstId: firstId + first, count };
}

/** Memory for the scores of a tile. */
interface Tile {
  /** The most queries in a tile. */
  readonly rows: number;
  /** The most candidates in a tile, a multiple of 4. */
  readonly candidates: number;
  /** The scores, laid out as kernels/scores.wgsl says. */
  readonly scores: Tensor;
  /** Where kernels gather from images, what they are made from. */
  readonly images?: Readonly<Record<"queries" | "candidates", MatrixImage>>;
  /** Releases the memory. */
  release(): void;
}

function takeTile(tape: Tape, queries: Block, candidates: Block, k: number): Tile {
  const { gpu } = tape;
  const width = queries.vectors.shape[1]!;
  const rows = Math.min(TILE_ROWS, queries.count);
  // Where every candidate is better than all before it, each takes k + 4 rounds of top_k's loops.
  const withinRounds = Math.floor((LOOP_ROUNDS - 2 * k - 3) / (k + 4));
  const fromImages = gpu.gathersFromImages && fitsImage(gpu, TILE_CANDIDATES, width / 4);
  const withinImage = fromImages ? Math.floor(IMAGE_BYTES / (4 * width)) : Infinity;
  const most = Math.min(TILE_CANDIDATES, Math.ceil(candidates.count / 4) * 4);
  const fours = Math.max(1, Math.floor(Math.min(most, withinRounds, withinImage) / 4));
  const tile = { rows, candidates: 4 * fours };
  // As large for every k: lists of different lengths share the memory.
  const scores = tape.take("scores", [Math.ceil(rows / 8) * 8 * most]);
  if (!fromImages) return { ...tile, scores, release: () => tape.release(scores) };
  const images = {
    queries: tape.takeImage("image of queries", [rows, width]),
    candidates: tape.takeImage("image of candidates", [tile.candidates, width]),
  };
  return {
    ...tile,
    scores,
    images,
    release: () => {
      tape.release(scores);
      tape.releaseImage(images.queries);
      tape.releaseImage(images.candidates);
    },
  };
}

function copyBlock(program: Program, { vectors, firstRow, count }: Block, to: MatrixImage): void {
  program.copy(vectors, to, { firstRow, rowCount: count });
}

/** Records the scores of the queries and candidates in the tile. */
function recordScores(
  program: Program,
  queries: Block,
  candidates: Block,
  { scores, images }: Tile,
): void {
  const { gpu } = program;
  const width4 = queries.vectors.shape[1]! / 4;
  const counts = { row_count: queries.count, candidate_count: candidates.count };
  const groups = (kernel: Kernel) => ({
    workgroups: Math.ceil(queries.count / 8) *
      Math.ceil(candidates.count / (4 * kernel.workgroupSize)),
  });
  if (images) {
    const constants = { width4, rows_per_line: images.queries.rowsPerLine };
    const kernel = getKernel(gpu, { name: "scores_image", code: scoresImage }, constants);
    program.dispatch(kernel, { scores }, counts, groups(kernel), images);
  } else {
    const kernel = getKernel(gpu, { name: "scores", code: scoresCode });
    program.dispatch(
      kernel,
      { queries: queries.vectors, candidates: candidates.vectors, scores },
      {
        ...counts,
        first_row: queries.firstRow,
        first_candidate_row: candidates.firstRow,
        width4,
      },
      groups(kernel),
    );
  }
}
