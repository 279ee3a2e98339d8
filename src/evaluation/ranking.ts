/**
 * Full ranking: each user's K best items among all, but for the hidden ones (validation
 * hides train items, test hides train and validation items).
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { Scratch } from "../gpu/scratch.ts";
import { type BuiltModel, builtModel, type Model } from "../models/model.ts";
import { type Ranker, recordRanker } from "../ops/ranking/ranker.ts";
import { rankedBy } from "../ops/ranking/tiles.ts";
import { rowOf, type SparsePattern } from "../sparse/csr.ts";
import {
  DEFAULT_METRICS,
  type DefaultMetric,
  listLengthFor,
  type Metrics,
  type MetricsPerUser,
  parseMetrics,
  rankingMetrics,
  rankingMetricsPerUser,
} from "./metrics.ts";

/**
 * Records the forward pass and the ranking of all items for all users.
 *
 * @param seen Users × items that must not be shown.
 * @param scratch Memory to share with other programs; its own when undefined.
 * @throws {InputError} when `k` is not a whole number from 1.
 */
export function createRanker(
  model: BuiltModel,
  seen: SparsePattern,
  k: number,
  scratch?: Scratch,
): Ranker {
  const { gpu, name, products } = model;
  return recordRanker(
    gpu,
    `${name} ranking`,
    { seen, k, scratch },
    (tape) => rankedBy(model, model.represent?.(tape), products),
  );
}

/** What a split's ranking hides: train items, and for the test split validation items too. */
export function seenBefore(
  { train, valid }: Pick<Dataset, "train" | "valid">,
  split: "valid" | "test",
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

/** What to measure, and where. */
export interface EvaluatorOptions {
  /** Names with cutoffs, "recall@20"; Recall and NDCG at 10 and 20 unless told. */
  readonly metrics?: readonly string[];
  /** Memory to share with other programs; its own when undefined. */
  readonly scratch?: Scratch;
}

/** Evaluates one split with the model's current parameters, as often as asked. */
export interface Evaluator extends Disposable {
  /** Each metric: its mean over users with targets, or what their lists have as a whole. */
  evaluate(): Promise<Metrics>;
  /** The metrics of each user with targets, but for those that only all lists together have. */
  evaluatePerUser(): Promise<MetricsPerUser>;
}

/**
 * Records the ranking of a split.
 *
 * @throws {InputError} when there is no metric of a name.
 */
export function createEvaluator(
  model: BuiltModel,
  dataset: Dataset,
  split: "valid" | "test",
  { metrics = DEFAULT_METRICS, scratch }: EvaluatorOptions = {},
): Evaluator {
  const parsed = parseMetrics(metrics);
  const k = listLengthFor(parsed, dataset.itemCount);
  const truth = { targets: dataset[split], train: dataset.train };
  const ranker = createRanker(model, seenBefore(dataset, split), k, scratch);
  return {
    evaluate: async () => rankingMetrics(await ranker.rankItems(), truth, parsed),
    evaluatePerUser: async () => rankingMetricsPerUser(await ranker.rankItems(), truth, parsed),
    [Symbol.dispose]: () => ranker[Symbol.dispose](),
  };
}

/**
 * Metrics of a model on one split: means over the users with targets, or what their lists have as a
 * whole.
 *
 * @param options Names with cutoffs, "recall@20", which src/evaluation/README.md lists; Recall and NDCG at 10
 * and 20 unless told.
 * @throws {InputError} when there is no metric of a name, or no user has a target.
 * @throws {GpuError} when the GPU fails.
 */
export async function evaluate<const Metric extends string = DefaultMetric>(
  model: Model,
  data: Dataset,
  split: "valid" | "test",
  options: { readonly metrics?: readonly Metric[] } = {},
): Promise<Metrics<Metric>> {
  using evaluator = createEvaluator(builtModel(model), data, split, options);
  return await evaluator.evaluate();
}

/**
 * Metrics of each user with targets in one split, but for those that only all lists together have.
 *
 * @throws {InputError} when there is no metric of a name.
 * @throws {GpuError} when the GPU fails.
 */
export async function evaluatePerUser(
  model: Model,
  data: Dataset,
  split: "valid" | "test",
  options: { readonly metrics?: readonly string[] } = {},
): Promise<MetricsPerUser> {
  using evaluator = createEvaluator(builtModel(model), data, split, options);
  return await evaluator.evaluatePerUser();
}
