/**
 * Recall@K and NDCG@K of ranked lists with binary relevance.
 *
 * For a user with targets T, a list whose item at rank r (from 1) is a hit when it lies in T, and
 * cutoff K:
 *
 *     Recall@K = hits in the first K / |T|
 *     NDCG@K   = Σ_{hits, r ≤ K} 1/log2(r+1)  /  Σ_{r ≤ min(K, |T|)} 1/log2(r+1)
 *
 * @module
 */

import { InputError } from "../input_error.ts";
import type { SparsePattern } from "../sparse/csr.ts";

/** Metrics by name: "recall@10", "ndcg@20", … */
export type Metrics = Record<string, number>;

/** Metrics of every user who has a target. */
export interface MetricsPerUser {
  /** The users that count, ascending. */
  readonly users: Uint32Array<ArrayBuffer>;
  /** By metric ("recall@20"): one value in [0, 1] per entry of `users`. */
  readonly values: Record<string, Float64Array<ArrayBuffer>>;
}

/**
 * Mean Recall@K and NDCG@K over the users who have a target, keyed "recall@10", …, "ndcg@10", ….
 *
 * @param ranked users × `listLength` item ids, best first, filled up with 0xffffffff.
 * @param targets users × items: what each user's list should find.
 * @param cutoffs The values of K, each ≥ 1.
 * @throws {InputError} when a cutoff is not a positive integer, or no user has a target.
 * @throws {RangeError} when `ranked` is not users × `listLength`, or its lists stop short of a cutoff.
 */
export function rankingMetrics(
  ranked: Uint32Array,
  listLength: number,
  targets: SparsePattern,
  cutoffs: readonly number[],
): Metrics {
  const { users, values } = rankingMetricsPerUser(ranked, listLength, targets, cutoffs);
  if (users.length === 0) {
    throw new InputError("No user has a target in this split, so there is nothing to evaluate.");
  }
  return Object.fromEntries(
    Object.entries(values).map(([metric, value]) => [metric, mean(value)]),
  );
}

/**
 * Recall@K and NDCG@K of each user who has a target; parameters as for {@link rankingMetrics}.
 *
 * @throws {InputError} when a cutoff is not a positive integer.
 * @throws {RangeError} when `ranked` is not users × `listLength`, or its lists stop short of a cutoff.
 */
export function rankingMetricsPerUser(
  ranked: Uint32Array,
  listLength: number,
  targets: SparsePattern,
  cutoffs: readonly number[],
): MetricsPerUser {
  checkLists(ranked, listLength, targets, cutoffs);
  const users = usersWithTargets(targets);
  // idealGain[n]: the gain of n hits at the top. No user has more targets within a cutoff than
  // the list is long.
  const idealGain = new Float64Array(listLength + 1);
  for (let rank = 1; rank <= listLength; rank++) {
    idealGain[rank] = idealGain[rank - 1]! + gainAt(rank);
  }
  const recall = cutoffs.map(() => new Float64Array(users.length));
  const ndcg = cutoffs.map(() => new Float64Array(users.length));
  users.forEach((user, row) => {
    const list = ranked.subarray(user * listLength, (user + 1) * listLength);
    const wanted = targets.column.subarray(targets.rowStart[user], targets.rowStart[user + 1]);
    cutoffs.forEach((cutoff, k) => {
      const { hits, gain } = foundWithin(list, wanted, cutoff);
      recall[k]![row] = hits / wanted.length;
      ndcg[k]![row] = gain / idealGain[Math.min(cutoff, wanted.length)]!;
    });
  });
  const values = Object.fromEntries([
    ...cutoffs.map((cutoff, k) => [`recall@${cutoff}`, recall[k]!] as const),
    ...cutoffs.map((cutoff, k) => [`ndcg@${cutoff}`, ndcg[k]!] as const),
  ]);
  return { users, values };
}

/** Hits among the first `cutoff` items of a list, and their summed gain. */
function foundWithin(
  list: Uint32Array,
  wanted: Uint32Array,
  cutoff: number,
): { hits: number; gain: number } {
  let hits = 0;
  let gain = 0;
  for (let rank = 1; rank <= Math.min(cutoff, list.length); rank++) {
    if (!wanted.includes(list[rank - 1]!)) continue;
    hits++;
    gain += gainAt(rank);
  }
  return { hits, gain };
}

function gainAt(rank: number): number {
  return 1 / Math.log2(rank + 1);
}

function usersWithTargets({ rowCount, rowStart }: SparsePattern): Uint32Array<ArrayBuffer> {
  const all = Uint32Array.from({ length: rowCount }, (_, user) => user);
  return all.filter((user) => rowStart[user]! < rowStart[user + 1]!);
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function checkLists(
  ranked: Uint32Array,
  listLength: number,
  targets: SparsePattern,
  cutoffs: readonly number[],
): void {
  if (ranked.length !== targets.rowCount * listLength) {
    throw new RangeError(
      `${ranked.length} ranked ids are not ${targets.rowCount} lists of ${listLength}`,
    );
  }
  for (const cutoff of cutoffs) {
    if (!Number.isSafeInteger(cutoff) || cutoff < 1) {
      throw new InputError(`The cutoff ${cutoff} is not a positive integer.`);
    }
    // A short list is fine only where it already holds the whole catalogue.
    if (cutoff > listLength && listLength < targets.columnCount) {
      throw new RangeError(`Lists of ${listLength} items are too short for cutoff ${cutoff}`);
    }
  }
}
