/**
 * Metrics of ranked lists with binary relevance, at any cutoff K.
 *
 * For a user with targets T, the first K items of their list, and the ranks r (from 1) of the hits
 * among these, which are the items that lie in T:
 *
 *     recall@K           hits / |T|
 *     ndcg@K             Σ_hits 1/log2(r+1)  /  Σ_{r ≤ min(K, |T|)} 1/log2(r+1)
 *     precision@K        hits / K, however short the list is
 *     hit_rate@K         1 if there is a hit, otherwise 0
 *     mrr@K              1/r of the first hit, 0 without one
 *     map@K              Σ_hits (hits up to rank r)/r  /  min(K, |T|)
 *     mean_popularity@K  mean over the items shown of their number of train interactions
 *
 * Each is averaged over the users who have a target. With n items in all and s_1 ≤ … ≤ s_n how often
 * each is shown in the first K places of these users' lists, the lists as a whole have
 *
 *     coverage@K         share of the items with s_i > 0
 *     gini@K             Σ_i (2i − n − 1) s_i  /  ((n − 1) Σ_i s_i): 0 where all items are shown
 *                        equally often, 1 where all that is shown is one item
 *
 * Sources: Järvelin and Kekäläinen, TOIS 2002 (NDCG); Voorhees, TREC-8 1999 (MRR); Deshpande and
 * Karypis, TOIS 2004 (hit rate); Manning, Raghavan and Schütze, Introduction to Information Retrieval
 * 2008, chapter 8 (precision, recall, MAP; the normaliser min(K, |T|) lets a perfect list have 1); Yin
 * et al., PVLDB 2012 (mean popularity); Ge et al., RecSys 2010 (coverage); Shani and Gunawardana,
 * Recommender Systems Handbook 2011 (Gini index).
 *
 * @module
 */

import { InputError } from "../input_error.ts";
import type { ItemLists } from "../ops/ranking/ranker.ts";
import { NO_CANDIDATE } from "../ops/ranking/top_k.ts";
import { columnCounts, rowOf, type SparsePattern } from "../sparse/csr.ts";

/** Metrics by name: "recall@10", "ndcg@20", … */
export type Metrics<Name extends string = string> = Readonly<Record<Name, number>>;

/** Metrics of every user who has a target. */
export interface MetricsPerUser {
  /** The users that count, ascending. */
  readonly users: Uint32Array<ArrayBuffer>;
  /** By metric ("recall@20"): one value per entry of `users`. */
  readonly values: Record<string, Float64Array<ArrayBuffer>>;
}

/** What lists are measured against. */
export interface GroundTruth {
  /** Users × items: what each user's list should find. */
  readonly targets: SparsePattern;
  /** Users × items: the interactions that an item's popularity is counted in. */
  readonly train: SparsePattern;
}

/** The first K items of a user's list, and what they found. */
interface TopOfList {
  /** The cutoff. */
  readonly k: number;
  /** Item ids, best first; fewer than K where no more were left. */
  readonly shown: Uint32Array;
  /** Ranks of the hits, from 1, ascending. */
  readonly hits: readonly number[];
  /** How many items there were to find. */
  readonly targetCount: number;
  /** Of every item, its number of train interactions. */
  readonly interactionCounts: Uint32Array;
}

/** The metrics that each user has. */
const PER_USER = {
  recall: ({ hits, targetCount }) => hits.length / targetCount,
  ndcg: ({ hits, targetCount, k }) =>
    hits.reduce((sum, rank) => sum + gainAt(rank), 0) / idealGain(Math.min(k, targetCount)),
  precision: ({ hits, k }) => hits.length / k,
  hit_rate: ({ hits }) => hits.length > 0 ? 1 : 0,
  mrr: ({ hits }) => hits.length > 0 ? 1 / hits[0]! : 0,
  map: ({ hits, targetCount, k }) =>
    hits.reduce((sum, rank, i) => sum + (i + 1) / rank, 0) / Math.min(k, targetCount),
  mean_popularity: ({ shown, interactionCounts }) =>
    shown.reduce((sum, item) => sum + interactionCounts[item]!, 0) / (shown.length || 1),
} satisfies Record<string, (list: TopOfList) => number>;

/** The metrics that lists have as a whole, from how often each item is shown in the first K places. */
const OF_ALL_LISTS = {
  coverage: (timesShown) => timesShown.filter((times) => times > 0).length / timesShown.length,
  gini: (timesShown) => {
    const n = timesShown.length;
    let weighted = 0, sum = 0;
    timesShown.toSorted().forEach((times, i) => {
      weighted += (2 * (i + 1) - n - 1) * times;
      sum += times;
    });
    return weighted / ((n - 1) * sum || 1);
  },
} satisfies Record<string, (timesShown: Uint32Array) => number>;

/** A metric at a cutoff; made by {@linkcode parseMetrics}. */
export type Metric =
  & {
    /** As it was asked for, "recall@20". */
    readonly name: string;
    /** The cutoff. */
    readonly k: number;
  }
  & (
    | { readonly perUser: (list: TopOfList) => number }
    | { readonly ofAllLists: (timesShown: Uint32Array) => number }
  );

/** The paper's metrics. */
export const DEFAULT_METRICS: readonly DefaultMetric[] = [
  "recall@10",
  "recall@20",
  "ndcg@10",
  "ndcg@20",
];

/** One of the paper's metrics. */
export type DefaultMetric = "recall@10" | "recall@20" | "ndcg@10" | "ndcg@20";

/**
 * Metrics by their names, each once, in the order given.
 *
 * @throws {InputError} when there is no name, or no metric of a name.
 */
export function parseMetrics(names: readonly string[]): readonly Metric[] {
  if (names.length === 0) throw new InputError(`No metric is asked for. ${KNOWN}`);
  return [...new Set(names)].map(parseMetric);
}

const KNOWN = `Known are ${
  [...Object.keys(PER_USER), ...Object.keys(OF_ALL_LISTS)].map((kind) => `${kind}@K`).join(", ")
}, with a whole number K from 1.`;

function parseMetric(name: string): Metric {
  const [kind = "", cutoff = "", ...more] = name.split("@");
  const k = Number(cutoff);
  if (more.length === 0 && /^[1-9]\d*$/.test(cutoff) && Number.isSafeInteger(k)) {
    if (isKey(PER_USER, kind)) return { name, k, perUser: PER_USER[kind] };
    if (isKey(OF_ALL_LISTS, kind)) return { name, k, ofAllLists: OF_ALL_LISTS[kind] };
  }
  throw new InputError(`There is no metric "${name}". ${KNOWN}`);
}

function isKey<T extends object>(record: T, key: PropertyKey): key is keyof T {
  return Object.hasOwn(record, key);
}

/** How long lists must be for some metrics, where there are so many items. */
export function listLengthFor(metrics: readonly Metric[], itemCount: number): number {
  return Math.min(itemCount, Math.max(...metrics.map(({ k }) => k)));
}

/**
 * The mean of each metric over the users who have a target, and what their lists have as a whole, in
 * the order of `metrics`.
 *
 * @param ranking The lists of all users.
 * @throws {InputError} when no user has a target.
 * @throws {RangeError} when there is not one list per user, or lists stop short of a cutoff.
 */
export function rankingMetrics(
  ranking: ItemLists,
  truth: GroundTruth,
  metrics: readonly Metric[],
): Metrics {
  const { users, values } = rankingMetricsPerUser(ranking, truth, metrics);
  if (users.length === 0) {
    throw new InputError("No user has a target in this split, so there is nothing to evaluate.");
  }
  const { columnCount } = truth.targets;
  return Object.fromEntries(metrics.map((metric) => [
    metric.name,
    "ofAllLists" in metric
      ? metric.ofAllLists(countShown(ranking, users, metric.k, columnCount))
      : mean(values[metric.name]!),
  ]));
}

/**
 * The metrics of each user who has a target, but for those that only all lists together have.
 *
 * @param ranking The lists of all users.
 * @throws {RangeError} when there is not one list per user, or lists stop short of a cutoff.
 */
export function rankingMetricsPerUser(
  ranking: ItemLists,
  { targets, train }: GroundTruth,
  metrics: readonly Metric[],
): MetricsPerUser {
  checkLists(ranking, targets, metrics);
  const users = usersWithTargets(targets);
  const interactionCounts = columnCounts(train);
  const measured = metrics.flatMap((metric) =>
    "perUser" in metric ? [{ ...metric, values: new Float64Array(users.length) }] : []
  );
  // Of every item, the last user so far that has it as a target, plus 1.
  const targetOf = new Uint32Array(targets.columnCount);
  users.forEach((user, row) => {
    const wanted = rowOf(targets, user);
    for (const item of wanted) targetOf[item] = user + 1;
    const shown = listOf(ranking, user);
    const hits: number[] = [];
    for (let place = 0; place < shown.length && hits.length < wanted.length; place++) {
      if (targetOf[shown[place]!] === user + 1) hits.push(place + 1);
    }
    for (const { values, perUser, k } of measured) {
      values[row] = perUser({
        k,
        shown: shown.subarray(0, k),
        hits: hits.filter((rank) => rank <= k),
        targetCount: wanted.length,
        interactionCounts,
      });
    }
  });
  return {
    users,
    values: Object.fromEntries(measured.map(({ name, values }) => [name, values])),
  };
}

/** How often each item is among the first `k` of some users' lists. */
function countShown(
  ranking: ItemLists,
  users: Uint32Array,
  k: number,
  itemCount: number,
): Uint32Array {
  const timesShown = new Uint32Array(itemCount);
  for (const user of users) {
    for (const item of listOf(ranking, user).subarray(0, k)) timesShown[item]!++;
  }
  return timesShown;
}

/** A user's list, as far as there were items left. */
function listOf({ items, k }: ItemLists, user: number): Uint32Array {
  const list = items.subarray(user * k, (user + 1) * k);
  const end = list.indexOf(NO_CANDIDATE);
  return end < 0 ? list : list.subarray(0, end);
}

function gainAt(rank: number): number {
  return 1 / Math.log2(rank + 1);
}

/** The gains of 0, 1, 2, … hits at the top, as far as they were asked for. */
const IDEAL_GAINS = [0];

function idealGain(hits: number): number {
  for (let rank = IDEAL_GAINS.length; rank <= hits; rank++) {
    IDEAL_GAINS.push(IDEAL_GAINS[rank - 1]! + gainAt(rank));
  }
  return IDEAL_GAINS[hits]!;
}

function usersWithTargets({ rowCount, rowStart }: SparsePattern): Uint32Array<ArrayBuffer> {
  const all = Uint32Array.from({ length: rowCount }, (_, user) => user);
  return all.filter((user) => rowStart[user]! < rowStart[user + 1]!);
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function checkLists(
  { items, k: length }: ItemLists,
  { rowCount, columnCount }: SparsePattern,
  metrics: readonly Metric[],
): void {
  if (items.length !== rowCount * length) {
    throw new RangeError(`${items.length} ranked ids are not ${rowCount} lists of ${length}`);
  }
  for (const { name, k } of metrics) {
    // A short list is fine only where it already holds the whole catalogue.
    if (k > length && length < columnCount) {
      throw new RangeError(`Lists of ${length} items are too short for ${name}`);
    }
  }
}
