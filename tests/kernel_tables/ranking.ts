/** Awkward shapes for the kernels of ranking. */
import { type Case, floats, randomPattern } from "./random_case.ts";

const tiles = [
  { rows: 1, candidates: 1, width: 4, k: 1 },
  { rows: 9, candidates: 65, width: 12, k: 3 },
  { rows: 64, candidates: 100, width: 64, k: 20 },
  { rows: 13, candidates: 7, width: 100, k: 128 }, // fewer candidates than k
  { rows: 1800, candidates: 1200, width: 4, k: 5, workgroup_size: 1 }, // > 65,535 workgroups,
];

/** Rows of the largest block of queries, of which a case is the last and may be smaller. */
const strideOf = (rows: number): number => Math.ceil(rows / 8) * 8 + (rows % 3 === 0 ? 16 : 0);

/** Scores of a tile. */
const tileElements = (rows: number, candidates: number): number =>
  strideOf(rows) * Math.ceil(candidates / 4) * 4;

/** A block's record, a struct of kernels/prelude.wgsl. */
const blockOf = (firstRow: number, firstId: number, count: number): Uint32Array<ArrayBuffer> =>
  Uint32Array.of(firstRow, firstId, count, 0, 0, 0, 0, 0);

/** Entries × 2: column, bits of a value above 0. */
const weighted = (column: Uint32Array): Uint32Array<ArrayBuffer> => {
  const packed = new Uint32Array(2 * column.length), values = new Float32Array(packed.buffer);
  floats(column.length).forEach((x, entry) => {
    packed[2 * entry] = column[entry]!;
    values[2 * entry + 1] = 1.1 + x;
  });
  return packed;
};

export const cases: Record<string, () => Case[]> = {
  scores: () =>
    tiles.map(({ rows, candidates, width, workgroup_size = 64 }) => ({
      name: `${rows} × ${candidates}, width ${width}`,
      tensors: {
        queries: floats((2 + rows) * width),
        candidates: floats((3 + candidates) * width),
        scores: floats(tileElements(rows, candidates)),
        query_block: blockOf(2, 0, rows),
        candidate_block: blockOf(3, 0, candidates),
      },
      params: { row_stride: strideOf(rows), width4: width / 4 },
      constants: { workgroup_size },
      size: { workgroups: strideOf(rows) / 8 * Math.ceil((candidates + 9) / 4 / workgroup_size) },
    })),

  scores_image: () =>
    tiles.map(({ rows, candidates, width, workgroup_size = 64 }) => ({
      name: `${rows} × ${candidates}, width ${width}`,
      tensors: {
        queries: floats(rows * width),
        candidates: floats(candidates * width),
        scores: floats(tileElements(rows, candidates)),
        query_block: blockOf(2, 0, rows),
        candidate_block: blockOf(3, 0, candidates),
      },
      images: { queries: width / 4, candidates: width / 4 },
      params: { row_stride: strideOf(rows) },
      constants: { workgroup_size, width4: width / 4 },
      size: { workgroups: strideOf(rows) / 8 * Math.ceil((candidates + 9) / 4 / workgroup_size) },
    })),

  sparse_scores: () =>
    tiles.flatMap(({ rows, candidates, workgroup_size = 64 }) => {
      const items = 30, blockSize = Math.ceil(candidates / 4) * 4, blocks = 3;
      // The tile's block is the middle one.
      const b = randomPattern(items, blocks * blockSize, 40);
      const b_start = Uint32Array.from({ length: items * blocks + 1 }, (_, at) => {
        const item = Math.floor(at / blocks), from = at % blocks * blockSize;
        const own = b.column.subarray(b.rowStart[item], b.rowStart[item + 1]);
        return (b.rowStart[item] ?? 0) + own.filter((column) => column < from).length;
      });
      const a = randomPattern(rows + 4, items, 6);
      const tensors = () => ({
        a_start: a.rowStart,
        a_entries: weighted(a.column),
        b_start,
        b_entries: weighted(b.column),
        scores: floats(tileElements(rows, blockSize)),
        query_block: blockOf(0, 4, rows),
        candidate_block: blockOf(0, blockSize, candidates),
      });
      const one = {
        params: { row_stride: strideOf(rows), blocks, block_size: blockSize },
        size: { workgroups: strideOf(rows) },
      };
      const sums = [0, 1].map((added) => ({
        name: `${rows} × ${candidates}${added ? ", added" : ""}`,
        parts: ["score_of/sum"],
        tensors: tensors(),
        constants: { workgroup_size, added },
        ...one,
      }));
      const similarities = [1, 1.3].map((power) => ({
        name: `${rows} × ${candidates}, similarity to the power ${power}`,
        parts: ["score_of/similarity"],
        tensors: {
          ...tensors(),
          query_scale: floats(rows + 4).map((x) => 1.5 + x),
          candidate_scale: floats(blocks * blockSize).map((x) => 1.5 + x),
        },
        constants: { workgroup_size, shrinkage: 0.5, power },
        ...one,
      }));
      return [...sums, ...similarities];
    }),

  mask_seen: () =>
    tiles.map(({ rows, candidates }) => {
      const { rowStart, column } = randomPattern(rows + 4, candidates + 20, 6);
      return {
        name: `${rows} × ${candidates}, a tile in the middle`,
        tensors: {
          row_start: rowStart,
          column,
          scores: floats(tileElements(rows, candidates)),
          query_block: blockOf(0, 4, rows),
          candidate_block: blockOf(0, 10, candidates),
        },
        params: { row_stride: strideOf(rows) },
        size: { invocations: strideOf(rows) },
      };
    }),

  mask_ranked: () =>
    tiles.map(({ rows, candidates, workgroup_size = 64 }) => {
      // Few distinct scores, so that ties are common.
      const rounded = (count: number) => floats(count).map((x) => Math.round(8 * x));
      const last_score = rounded(rows + 3);
      const last_id = Uint32Array.from(last_score, (_, row) => 10 + row * 7 % candidates);
      // A list that had too few candidates has no next one.
      last_score[rows + 2] = -3.4e38;
      last_id[rows + 2] = 0xffffffff;
      return {
        name: `${rows} × ${candidates}, a tile in the middle`,
        tensors: {
          last_score,
          last_id,
          scores: rounded(tileElements(rows, candidates)),
          query_block: blockOf(0, 3, rows),
          candidate_block: blockOf(0, 10, candidates),
        },
        params: { row_stride: strideOf(rows) },
        constants: { workgroup_size },
        size: { invocations: strideOf(rows) * Math.ceil((candidates + 9) / 4) },
      };
    }),

  score_moments: () =>
    [0, 50].flatMap((first_candidate) =>
      tiles.map(({ rows, candidates }) => ({
        name: `${rows} × ${candidates}, from candidate ${first_candidate}`,
        tensors: {
          scores: floats(tileElements(rows, candidates)).map((x) => x > 0.8 ? -3.4e38 : 3 + x),
          moments: floats(4 * (rows + 1)).map((x, at) => at % 4 === 0 ? 50 : 2 + x),
          query_block: blockOf(0, 1, rows),
          candidate_block: blockOf(0, first_candidate, candidates),
        },
        params: { row_stride: strideOf(rows) },
        size: { invocations: strideOf(rows) },
      }))
    ),

  top_k: () =>
    [0, 50].flatMap((first_candidate) =>
      tiles.map(({ rows, candidates, k }) => {
        // Few distinct scores, so that ties are common; some hidden.
        const scores = floats(tileElements(rows, candidates)).map((x) =>
          x > 0.8 ? -3.4e38 : Math.round(8 * x)
        );
        const best_score = new Float32Array((rows + 1) * k);
        const best_id = new Uint32Array((rows + 1) * k);
        for (let place = 0; place < best_score.length; place++) {
          best_score[place] = 4 - place % k;
          best_id[place] = 2 * (place % k);
        }
        return {
          name: `${rows} × ${candidates}, k ${k}, from candidate ${first_candidate}`,
          tensors: {
            scores,
            best_score,
            best_id,
            query_block: blockOf(0, 1, rows),
            candidate_block: blockOf(0, first_candidate, candidates),
          },
          params: { row_stride: strideOf(rows), k },
          size: { invocations: strideOf(rows) },
        };
      })
    ),
};
