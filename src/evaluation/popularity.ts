/**
 * The popularity baseline: everyone is shown what most users interacted with.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { NO_CANDIDATE } from "../ops/ranking/top_k.ts";
import { highestFirst } from "../sparse/counting_sort.ts";
import { columnCounts, rowOf, type SparsePattern } from "../sparse/csr.ts";
import {
  DEFAULT_METRICS,
  listLengthFor,
  type Metrics,
  parseMetrics,
  rankingMetrics,
} from "./metrics.ts";
import { seenBefore } from "./ranking.ts";

/**
 * What showing everyone the most popular unseen items gives: the least that a model must beat.
 *
 * @param metrics Names, "recall@20"; see src/evaluation/metrics.ts.
 * @throws {InputError} when there is no metric of a name, or no user has a target.
 */
export function popularityMetrics(
  dataset: Dataset,
  split: "valid" | "test",
  metrics: readonly string[] = DEFAULT_METRICS,
): Metrics {
  const parsed = parseMetrics(metrics);
  const k = listLengthFor(parsed, dataset.itemCount);
  const { train, [split]: targets } = dataset;
  const items = rankByPopularity(train, seenBefore(dataset, split), k);
  return rankingMetrics({ items, k }, { targets, train }, parsed);
}

/**
 * Ranks items by their number of train interactions, ties by id, without what each user has seen.
 *
 * @returns Item ids, users × k, filled up with {@linkcode NO_CANDIDATE}.
 */
export function rankByPopularity(
  train: SparsePattern,
  seen: SparsePattern,
  k: number,
): Uint32Array<ArrayBuffer> {
  const order = highestFirst(columnCounts(train));
  const ranked = new Uint32Array(train.rowCount * k).fill(NO_CANDIDATE);
  // Of every item, the last user so far that has seen it, plus 1.
  const seenBy = new Uint32Array(train.columnCount);
  for (let user = 0; user < train.rowCount; user++) {
    for (const item of rowOf(seen, user)) seenBy[item] = user + 1;
    let place = 0;
    for (const item of order) {
      if (place === k) break;
      if (seenBy[item] !== user + 1) ranked[user * k + place++] = item;
    }
  }
  return ranked;
}
