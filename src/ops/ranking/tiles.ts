/**
 * Scores of queries and candidates in tiles, without ever holding all: one tile is recorded and replayed for all, each
 * time with other records bound: which queries, and which candidates. What is read off the scores is the caller's.
 *
 * @module
 */
import type { GpuDevice } from "../../gpu/device.ts";
import { fitsImage, type MatrixImage } from "../../gpu/gather/image.ts";
import { getKernel, type Kernel, LOOP_ROUNDS } from "../../gpu/kernel.ts";
import type { Replay } from "../../gpu/paced_queue.ts";
import { Program, RECORD_WORDS, recordNumber, type Step } from "../../gpu/program.ts";
import { createTensors, type RowRange, type Tensor } from "../../gpu/tensor.ts";
import maskSeen from "../../../kernels/mask_seen.wgsl" with { type: "text" };
import scoresCode from "../../../kernels/scores.wgsl" with { type: "text" };
import scoresImage from "../../../kernels/scores_image.wgsl" with { type: "text" };
import type { SparsePattern } from "../../sparse/csr.ts";
import type { Tape } from "../../tape/tape.ts";
import { requireRowLengths } from "../graphs/sparse_tensor.ts";
import { recordSparseScores, SPARSE_CANDIDATES, type SparseScores } from "./sparse_scores.ts";

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

/** All users and all items, ranked by representations of both, users first, and by sparse products. */
export function rankedBy(
  { userCount, itemCount }: { readonly userCount: number; readonly itemCount: number },
  vectors: Tensor | undefined,
  products?: readonly SparseScores[],
): Ranked {
  return {
    queries: { vectors, firstRow: 0, firstId: 0, count: userCount },
    candidates: { vectors, firstRow: userCount, firstId: 0, count: itemCount },
    products,
  };
}

/** Which candidates each query must not be shown. */
export interface SeenTensors extends Disposable {
  /** Per query, where its hidden candidates begin; queries + 1 offsets. */
  readonly rowStart: Tensor;
  /** Candidate ids. */
  readonly column: Tensor;
}

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

/** Tiles, recorded once, and where they are replayed. */
export interface Tiles extends Disposable {
  /** What is recorded, tiles and what goes before a row of them; for those who count. */
  readonly programs: readonly Program[];
  /** What is to be replayed, in this order: for each block of queries, all blocks of candidates. */
  replays(): Iterable<Required<Replay>>;
}

/** A tile as it is recorded. */
export interface RecordedTile {
  /** The scores, those that are hidden −3.4e38, and the records of the two blocks, as kernels bind them. */
  readonly tensors: Readonly<Record<"scores" | "query_block" | "candidate_block", Tensor>>;
  /** The most queries in a tile, which in the scores are side by side. */
  readonly rows: number;
  /** The most candidates in a tile, a multiple of 4. */
  readonly candidates: number;
}

/**
 * Records tiles. Blocks of candidates come in ascending order of ids.
 *
 * @param tape Of what makes the vectors, which is to run first; the replays use its memory.
 * @param roundsEach Rounds of loops that what is read off takes for a candidate at most, and for all together.
 * @param read Records what is read off a tile's scores.
 */
export function recordTiles(
  tape: Tape,
  ranked: Ranked,
  seen: SeenTensors,
  roundsEach: readonly [each: number, all: number],
  read: (program: Program, tile: RecordedTile) => void,
): Tiles {
  const { gpu } = tape;
  const { queries, candidates } = ranked;
  using resources = new DisposableStack();
  const tile = takeTile(tape, ranked, roundsEach);
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
  read(program, recordScores(program, { ...tile, ...records }, ranked, seen, resources));
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

function takeTile(
  tape: Tape,
  { queries, candidates, products = [] }: Ranked,
  [each, all]: readonly [number, number],
): Tile {
  const { gpu } = tape;
  const width = queries.vectors?.shape[1] ?? 0;
  const fromImages = gpu.gathersFromImages && width > 0 &&
    fitsImage(gpu, TILE_CANDIDATES, width / 4);
  const withinImage = fromImages ? Math.floor(IMAGE_BYTES / (4 * width)) : Infinity;
  const withinRounds = Math.floor((LOOP_ROUNDS - all) / each);
  const withinFlops = (rows: number) => Math.floor(TILE_FLOPS / (2 * rows * width));
  const rows = evenSize(queries.count, Math.min(TILE_ROWS, withinFlops(4)), 8);
  const largest = products.length > 0 ? SPARSE_CANDIDATES : TILE_CANDIDATES;
  const most = Math.min(largest, withinFlops(rows));
  const tile = {
    rows,
    candidates: evenSize(candidates.count, Math.min(most, withinRounds, withinImage), 4),
  };
  // As large whatever is read off, so that the memory is shared.
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

/** Records the scores of a tile of the largest size; how much of it there is, its records say. */
function recordScores(
  program: Program,
  tile: Tile & Readonly<Record<"query_block" | "candidate_block", Tensor>>,
  { queries, candidates, products = [] }: Ranked,
  seen: SeenTensors,
  resources: DisposableStack,
): RecordedTile {
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
  return { tensors, rows, candidates: tile.candidates };
}
