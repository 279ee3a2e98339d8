/** Twins of the kernels that score and rank. */
import { type Arrays, batchRows, clockOf, type Numbers, type PartTwin, type Twin } from "./twin.ts";

export const ranking: Record<string, Twin> = {
  /** scores[candidate, row] = ⟨query, candidate⟩ */
  scores(t, { row_stride, width4 }) {
    const { queries, candidates } = blocksOf(t);
    makeScores(t, queries.firstRow, candidates.firstRow, row_stride!, width4!);
  },

  /** The same, of all vectors of two images */
  scores_image(t, { row_stride }, { width4 }) {
    makeScores(t, 0, 0, row_stride!, width4!);
  },

  /** scores[candidate, row] = score_of(Σ_e weight_e · B[column_e, candidate]); in whole fours of candidates */
  sparse_scores(t, { row_stride, blocks, block_size }, _, { score_of }) {
    const { queries, candidates } = blocksOf(t);
    const [aWeights, bWeights] = [t.a_entries!, t.b_entries!].map(({ buffer }) =>
      new Float32Array(buffer)
    );
    for (let row = 0; row < queries.count; row++) {
      const query = queries.firstId + row;
      const sums = new Float64Array(4 * Math.ceil(candidates.count / 4));
      for (let e = t.a_start![query]!; e < t.a_start![query + 1]!; e++) {
        const at = t.a_entries![2 * e]! * blocks! + Math.floor(candidates.firstId / block_size!);
        for (let b = t.b_start![at]!; b < t.b_start![at + 1]!; b++) {
          const candidate = t.b_entries![2 * b]! - candidates.firstId;
          sums[candidate]! += aWeights![2 * e + 1]! * bWeights![2 * b + 1]!;
        }
      }
      sums.forEach((sum, c) => {
        const at = scoreAt(c, row, row_stride!);
        t.scores![at] = score_of(query, candidates.firstId + c, sum, at);
      });
    }
  },

  /** scores[seen, row] = −∞ */
  mask_seen(t, { row_stride }) {
    const { queries, candidates } = blocksOf(t);
    for (let row = 0; row < queries.count; row++) {
      const query = queries.firstId + row;
      for (let e = t.row_start![query]!; e < t.row_start![query + 1]!; e++) {
        const c = t.column![e]! - candidates.firstId;
        if (c >= 0 && c < candidates.count) t.scores![scoreAt(c, row, row_stride!)] = HIDDEN;
      }
    }
  },

  /** scores[c, row] = −∞ unless c comes after what the row's list ends with; in whole fours of c */
  mask_ranked(t, { row_stride }) {
    const { queries, candidates } = blocksOf(t);
    for (let row = 0; row < queries.count; row++) {
      const query = queries.firstId + row;
      const last = t.last_score![query]!, lastId = t.last_id![query]!;
      for (let c = 0; c < 4 * Math.ceil(candidates.count / 4); c++) {
        const at = scoreAt(c, row, row_stride!);
        const score = t.scores![at]!, id = candidates.firstId + c;
        if (!(score < last || (score === last && id > lastId))) t.scores![at] = HIDDEN;
      }
    }
  },

  /** best ← the k largest of best and the tile, by score descending, then id ascending */
  top_k(t, { row_stride, k }) {
    const { queries, candidates } = blocksOf(t);
    for (let row = 0; row < queries.count; row++) {
      const first = (queries.firstId + row) * k!;
      const entries: { score: number; id: number }[] = [];
      for (let place = first; candidates.firstId > 0 && place < first + k!; place++) {
        entries.push({ score: t.best_score![place]!, id: t.best_id![place]! });
      }
      for (let c = 0; c < candidates.count; c++) {
        const score = t.scores![scoreAt(c, row, row_stride!)]!;
        if (score > HIDDEN) entries.push({ score, id: candidates.firstId + c });
      }
      entries.sort((a, b) => b.score - a.score || a.id - b.id);
      for (let place = 0; place < k!; place++) {
        t.best_score![first + place] = entries[place]?.score ?? HIDDEN;
        t.best_id![first + place] = entries[place]?.id ?? 0xffffffff;
      }
    }
  },

  /** n, mean and Σ (score − mean)² of each query's scores that are not hidden, with those before */
  score_moments(t, { row_stride }) {
    const { queries, candidates } = blocksOf(t);
    for (let row = 0; row < queries.count; row++) {
      const at = 4 * (queries.firstId + row), goesOn = candidates.firstId > 0;
      const moments = goesOn ? [...t.moments!.subarray(at, at + 4)] : [0, 0, 0, 0];
      for (let c = 0; c < candidates.count; c++) {
        const score = t.scores![scoreAt(c, row, row_stride!)]!;
        if (score <= HIDDEN) continue;
        moments[0]!++;
        const distance = score - moments[1]!;
        moments[1]! += distance / moments[0]!;
        moments[2]! += distance * (score - moments[1]!);
      }
      t.moments!.set(moments, at);
    }
  },

  /** scores_ti = 0 where user_t has i in train */
  hide_seen(t, params) {
    for (const slot of batchRows(t, { ...params, rows: params.batch_size! })) {
      for (const item of seenItems(t, params, slot)) t.scores![slot * params.items! + item] = 0;
    }
  },

  /** scores_ti += factor · softmax_i([in train] − noise log(−log(draw + 1e-8) + 1e-8)) */
  add_interactions(t, params) {
    const { items, noise, factor } = params;
    for (const slot of batchRows(t, { ...params, rows: params.batch_size! })) {
      const seen = new Set(seenItems(t, params, slot));
      const exponentials = Array.from({ length: items! }, (_, item) => {
        const gumbel = -Math.log(-Math.log(t.draw![slot * items! + item]! + 1e-8) + 1e-8);
        return Math.exp(Number(seen.has(item)) + noise! * gumbel);
      });
      const sum = exponentials.reduce((total, each) => total + each, 0);
      exponentials.forEach((each, item) =>
        t.scores![slot * items! + item]! += factor! * each / sum
      );
    }
  },
};

export const scoreParts: Record<string, PartTwin> = {
  "score_of/sum": (t, _, { added }) => ({
    score_of: (_query, _candidate, sum, at) => (added ? t.scores![at]! : 0) + sum,
  }),
  "score_of/similarity": (t, _, { shrinkage, power }) => ({
    score_of: (query, candidate, sum) => {
      const scale = t.query_scale![query]! * t.candidate_scale![candidate]!;
      return sum > 0 ? (sum / (scale + shrinkage!)) ** power! : HIDDEN;
    },
  }),
};

/** What hides a score, as f32. */
const HIDDEN = Math.fround(-3.4e38);

/** Train items of the user of a triple of the current batch. */
function seenItems(t: Arrays, { batch_size }: Numbers, slot: number): number[] {
  const user = t.user![clockOf(t).batch * batch_size! + slot]!;
  return Array.from(t.column!.subarray(t.row_start![user], t.row_start![user + 1]));
}

/** The records of the current blocks, structs of kernels/prelude.wgsl. */
function blocksOf({ query_block, candidate_block }: Arrays) {
  const [queries, candidates] = [query_block!, candidate_block!].map((block) => {
    const [firstRow, firstId, count] = block;
    return { firstRow: firstRow!, firstId: firstId!, count: count! };
  });
  return { queries: queries!, candidates: candidates! };
}

/** Inner products, four candidates side by side; those past the end repeat the last row or candidate. */
function makeScores(
  t: Arrays,
  firstRow: number,
  firstCandidate: number,
  stride: number,
  width4: number,
): void {
  const { queries: { count: rows }, candidates: { count: candidates } } = blocksOf(t);
  const width = width4 * 4;
  for (let c = 0; c < Math.ceil(candidates / 4) * 4; c++) {
    const candidate = firstCandidate + Math.min(c, candidates - 1);
    for (let row = 0; row < Math.ceil(rows / 8) * 8; row++) {
      const query = firstRow + Math.min(row, rows - 1);
      let sum = 0;
      for (let j = 0; j < width; j++) {
        sum += t.queries![query * width + j]! * t.candidates![candidate * width + j]!;
      }
      t.scores![scoreAt(c, row, stride)] = sum;
    }
  }
}

/** Where scores.wgsl leaves the score of a candidate and a row. */
function scoreAt(candidate: number, row: number, stride: number): number {
  return (Math.floor(candidate / 4) * stride + row) * 4 + candidate % 4;
}
