/**
 * Full ranking: each user's K best items among all, but for the hidden ones (PROTOCOL: validation
 * hides train items, test hides train and validation items).
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { Split } from "../data/splits.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Scratch } from "../gpu/scratch.ts";
import type { BuiltModel } from "../models/model.ts";
import { type Ranker, recordRanker } from "../ops/ranking/ranker.ts";
import { rowOf, type SparsePattern } from "../sparse/csr.ts";
import { type Metrics, rankingMetrics } from "./metrics.ts";

/** The paper's cutoffs. */
export const CUTOFFS: readonly number[] = [10, 20];

/**
 * Records the forward pass and the ranking of all items for all users.
 *
 * @param seen Users × items that must not be shown.
 * @param scratch Memory to share with other programs; its own when undefined.
 * @throws {InputError} when `k` is not a whole number from 1.
 */
export function createRanker(
  gpu: Gpu,
  model: BuiltModel,
  seen: SparsePattern,
  k: number,
  scratch?: Scratch,
): Ranker {
  const { name, userCount, itemCount } = model;
  return recordRanker(gpu, `${name} ranking`, { seen, k, scratch }, (tape) => {
    const vectors = model.represent(tape);
    return {
      queries: { vectors, firstRow: 0, firstId: 0, count: userCount },
      candidates: { vectors, firstRow: userCount, firstId: 0, count: itemCount },
    };
  });
}

/** What a split's ranking hides: train items, and for the test split validation items too. */
export function seenBefore(
  { train, valid }: Dataset,
  split: Exclude<Split, "train">,
): SparsePattern {
  return split === "valid" ? train : union(train, valid);
}

/** Rows with the entries of both; no pair may be in both. */
function union(a: SparsePattern, b: SparsePattern): SparsePattern {
  const rowStart = a.rowStart.map((start, row) => start + b.rowStart[row]!);
  const column = new Uint32Array(a.column.length + b.column.length);
  for (let row = 0; row < a.rowCount; row++) {
    const merged = column.subarray(rowStart[row], rowStart[row + 1]);
    const own = rowOf(a, row);
    merged.set(own);
    merged.set(rowOf(b, row), own.length);
    merged.sort();
  }
  return { ...a, rowStart, column };
}

/** Measures one split as often as asked, with the model as it is by then. */
export interface Evaluator extends Disposable {
  /** Recall and NDCG at 10 and 20, each the mean over users with targets. */
  evaluate(): Promise<Metrics>;
}

/**
 * Records the ranking of a split.
 *
 * @param scratch Memory to share with other programs; its own when undefined.
 */
export function createEvaluator(
  gpu: Gpu,
  model: BuiltModel,
  dataset: Dataset,
  split: Exclude<Split, "train">,
  scratch?: Scratch,
): Evaluator {
  const ranker = createRanker(
    gpu,
    model,
    seenBefore(dataset, split),
    Math.max(...CUTOFFS),
    scratch,
  );
  return {
    evaluate: async () => {
      const { items, k } = await ranker.rank();
      return rankingMetrics(items, k, dataset[split], CUTOFFS);
    },
    [Symbol.dispose]: () => ranker[Symbol.dispose](),
  };
}

/** Recall and NDCG at 10 and 20 of a model on one split, each the mean over users with targets. */
export async function evaluate(
  gpu: Gpu,
  model: BuiltModel,
  dataset: Dataset,
  split: Exclude<Split, "train">,
): Promise<Metrics> {
  using evaluator = createEvaluator(gpu, model, dataset, split);
  return await evaluator.evaluate();
}
