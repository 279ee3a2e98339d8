/**
 * The K best candidates of each query, by inner product or what else makes scores, without ever holding all scores: tiles of
 * scores are made, masked and merged into running lists. One tile is recorded and replayed for all, each
 * time with other records bound: which queries, and which candidates.
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
import type { Replay } from "../../gpu/paced_queue.ts";
import { Program, RECORD_WORDS, recordNumber, type Step } from "../../gpu/program.ts";
import { createTensors, type RowRange, type Tensor } from "../../gpu/tensor.ts";
import maskRanked from "../../../kernels/mask_ranked.wgsl" with { type: "text" };
import maskSeen from "../../../kernels/mask_seen.wgsl" with { type: "text" };
import scoresCode from "../../../kernels/scores.wgsl" with { type: "text" };
import scoresImage from "../../../kernels/scores_image.wgsl" with { type: "text" };
import topK from "../../../kernels/top_k.wgsl" with { type: "text" };
import { InputError } from "../../input_error.ts";
import type { SparsePattern } from "../../sparse/csr.ts";
import { requireRowLengths } from "../graphs/sparse_tensor.ts";
import { recordSparseScores, SPARSE_CANDIDATES, type SparseScores } from "./sparse_scores.ts";
import type { Tape } from "../../tape/tape.ts";

/** Some queries or candidates, and where their vectors are. */
export interface Block {
  /** The matrix of vectors, rows × width, width a multiple of 4; left out where scores are none of theirs. */
  readonly vectors?: Tensor;
  /** The block's first row in it. */
  readonly firstRow: number;
  /** The id of that row. */
  readonly firstId: number;
  /** Rows in the block. */
  readonly count: number;
}

/** What is ranked: by inner products of vectors, by products of sparse matrices, or by the sum of all. */
export interface Ranked {
  /** Who is asking. */
  readonly queries: Block;
  /** What may be listed. Both blocks have vectors, or neither. */
  readonly candidates: Block;
  /** Products whose rows are all queries and whose columns are all candidates, by their ids. */
  readonly products?: readonly SparseScores[];
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

/** Rows and candidates of a tile at most: 16 MiB of scores. */
const TILE_ROWS = 1024, TILE_CANDIDATES = 4096;

/** Floating-point operations for a tile's scores at most; a driver may kill what takes longer. */
const TILE_FLOPS = 2e9;

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

/** The merging of candidates into lists: a tile of queries × candidates, recorded once, and where it is replayed. */
export interface TopK extends Disposable {
  /** What is recorded, tiles and what goes before a row of them; for those who count. */
  readonly programs: readonly Program[];
  /** What is to be replayed, in this order, whenever the lists are to be made. */
  replays(): Iterable<Required<Replay>>;
}

/**
 * Records the merging of a block of candidates into the lists of a block of queries. Blocks of candidates
 * must come in ascending order of ids; the one that starts with id 0 empties the lists first.
 *
 * @param tape Of what makes the vectors, which is to run first; the replays use its memory.
 * @param after Where lists go on that were made before: they get what follows. Their own first
 * candidates unless told.
 */
export function recordTopK(
  tape: Tape,
  ranked: Ranked,
  seen: SeenTensors,
  lists: TopKLists,
  after?: ListEnds,
): TopK {
  const { gpu } = tape;
  const { queries, candidates } = ranked;
  using resources = new DisposableStack();
  const tile = takeTile(tape, ranked, lists.k);
  const queryBlocks = cut(queries, tile.rows), candidateBlocks = cut(candidates, tile.candidates);
  const records = resources.use(createTensors(gpu, {
    query_block: blockRecords("blocks of queries", queryBlocks),
    candidate_block: blockRecords("blocks of candidates", candidateBlocks),
  }));
  const { label } = tape.program;
  const before = resources.use(new Program(gpu, `${label}, queries`));
  const program = resources.use(new Program(gpu, `${label}, tiles`));
  if (tile.images && queries.vectors && candidates.vectors) {
    before.copy(queries.vectors, tile.images.queries, (step) => rowsOf(queryBlocks, step, 0));
    const { candidates: image } = tile.images;
    program.copy(candidates.vectors, image, (step) => rowsOf(candidateBlocks, step, 1));
  }
  recordTile(program, { ...tile, ...records }, { ...ranked, seen, lists, after }, resources);
  tile.release();
  const owned = resources.move();
  return {
    programs: [before, program],
    *replays() {
      for (let q = 0; q < queryBlocks.length; q++) {
        if (tile.images) yield { program: before, step: q };
        for (let c = 0; c < candidateBlocks.length; c++) yield { program, step: [q, c] };
      }
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** Parts of a block, all as large but for the last. */
function cut({ vectors, firstRow, firstId, count }: Block, size: number): Block[] {
  return Array.from({ length: Math.ceil(count / size) }, (_, part) => {
    const first = part * size;
    return {
      vectors,
      firstRow: firstRow + first,
      firstId: firstId + first,
      count: Math.min(size, count - first),
    };
  });
}

/** The struct `Block` of kernels/prelude.wgsl, once per block. */
function blockRecords(label: string, blocks: readonly Block[]) {
  const records = new Uint32Array(RECORD_WORDS * blocks.length);
  blocks.forEach(({ firstRow, firstId, count }, block) =>
    records.set([firstRow, firstId, count], RECORD_WORDS * block)
  );
  return [label, [blocks.length, RECORD_WORDS], records] as const;
}

/** The rows of the block whose record a step shows at a binding. */
function rowsOf(blocks: readonly Block[], step: Step, binding: number): RowRange {
  const { firstRow, count: rowCount } = blocks[recordNumber(step, binding)]!;
  return { firstRow, rowCount };
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

function takeTile(tape: Tape, { queries, candidates, products = [] }: Ranked, k: number): Tile {
  const { gpu } = tape;
  const width = queries.vectors?.shape[1] ?? 0;
  const fromImages = gpu.gathersFromImages && width > 0 &&
    fitsImage(gpu, TILE_CANDIDATES, width / 4);
  const withinImage = fromImages ? Math.floor(IMAGE_BYTES / (4 * width)) : Infinity;
  // Where every candidate is better than all before it, each takes k + 4 rounds of top_k's loops.
  const withinRounds = Math.floor((LOOP_ROUNDS - 2 * k - 3) / (k + 4));
  const withinFlops = (rows: number) => Math.floor(TILE_FLOPS / (2 * rows * width));
  const rows = evenSize(queries.count, Math.min(TILE_ROWS, withinFlops(4)), 8);
  const largest = products.length > 0 ? SPARSE_CANDIDATES : TILE_CANDIDATES;
  const most = Math.min(largest, withinFlops(rows));
  const tile = {
    rows,
    candidates: evenSize(candidates.count, Math.min(most, withinRounds, withinImage), 4),
  };
  // As large for every k: lists of different lengths share the memory.
  const scores = tape.take("scores", [rows * evenSize(candidates.count, most, 4)]);
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

/** A multiple of `step`, `most` at most but for one `step`, that cuts `count` into parts of about the same size. */
function evenSize(count: number, most: number, step: number): number {
  const largest = Math.max(1, Math.floor(most / step));
  const steps = Math.max(1, Math.ceil(count / step));
  return step * Math.ceil(steps / Math.ceil(steps / largest));
}

/** What a tile is made from, and whose lists it is merged into. */
interface Merged extends Ranked {
  readonly seen: SeenTensors;
  readonly lists: TopKLists;
  readonly after: ListEnds | undefined;
}

/** Records a tile of the largest size; how much of it there is, its records say. */
function recordTile(
  program: Program,
  tile: Tile & Readonly<Record<"query_block" | "candidate_block", Tensor>>,
  { queries, candidates, products = [], seen, lists, after }: Merged,
  resources: DisposableStack,
): void {
  const { gpu } = program;
  const { rows, scores, images, query_block, candidate_block } = tile;
  const tensors = { scores, query_block, candidate_block };
  const params = { row_stride: rows };
  const width4 = (queries.vectors?.shape[1] ?? 0) / 4;
  const groups = ({ workgroupSize }: Kernel) => ({
    workgroups: rows / 8 * Math.ceil(tile.candidates / (4 * workgroupSize)),
  });
  if (images) {
    const constants = { width4, rows_per_line: images.queries.rowsPerLine };
    const kernel = getKernel(gpu, { name: "scores_image", code: scoresImage }, constants);
    program.dispatch(kernel, tensors, params, groups(kernel), images);
  } else if (queries.vectors && candidates.vectors) {
    const kernel = getKernel(gpu, { name: "scores", code: scoresCode });
    const vectors = { queries: queries.vectors, candidates: candidates.vectors };
    program.dispatch(kernel, { ...tensors, ...vectors }, { ...params, width4 }, groups(kernel));
  }
  products.forEach((product, at) =>
    recordSparseScores(program, tile, product, width4 > 0 || at > 0, resources)
  );
  program.dispatch(
    getKernel(gpu, { name: "mask_seen", code: maskSeen }),
    { ...tensors, row_start: seen.rowStart, column: seen.column },
    params,
    { invocations: rows },
  );
  if (after) {
    program.dispatch(
      getKernel(gpu, { name: "mask_ranked", code: maskRanked }),
      { ...tensors, last_score: after.scores, last_id: after.ids },
      params,
      { invocations: rows * tile.candidates / 4 },
    );
  }
  program.dispatch(
    getKernel(gpu, { name: "top_k", code: topK }),
    { ...tensors, best_score: lists.scores, best_id: lists.ids },
    { ...params, k: lists.k },
    { invocations: rows },
  );
}
