/**
 * From purchases to a research dataset: the 5-core filter and the split per user.
 *
 * @module
 */

import { createDraws } from "./draws.ts";

/** What is left of a shop after the filter; ids are dense. */
export interface CoreInteractions {
  /** Item ids per user, in order of purchase. */
  readonly baskets: readonly (readonly number[])[];
  /** Product index of each item id. */
  readonly keptItems: readonly number[];
}

/**
 * Drops users and items with fewer than `core` interactions until none is left (k-core), then
 * numbers the rest from 0 in their former order.
 */
export function keepCore(
  purchases: readonly (readonly number[])[],
  core: number,
): CoreInteractions {
  let baskets = purchases;
  for (;;) {
    const buyers = countBuyers(baskets);
    const filtered = baskets
      .map((basket) => basket.filter((item) => buyers.get(item)! >= core))
      .filter((basket) => basket.length >= core);
    const unchanged = filtered.length === baskets.length &&
      filtered.every((basket, user) => basket.length === baskets[user]!.length);
    if (unchanged) break;
    baskets = filtered;
  }
  const keptItems = [...countBuyers(baskets).keys()].sort((a, b) => a - b);
  const idOf = new Map(keptItems.map((item, id) => [item, id]));
  return { baskets: baskets.map((basket) => basket.map((item) => idOf.get(item)!)), keptItems };
}

function countBuyers(baskets: readonly (readonly number[])[]): Map<number, number> {
  const buyers = new Map<number, number>();
  for (const item of baskets.flat()) buyers.set(item, (buyers.get(item) ?? 0) + 1);
  return buyers;
}

/** One row of interactions.csv. */
export interface Interaction {
  /** 0-based user id. */
  readonly user: number;
  /** 0-based item id. */
  readonly item: number;
  /** The split it belongs to. */
  readonly split: "train" | "valid" | "test";
}

/**
 * Splits each user's items 8:1:1 at random, as MMRec's 5-core datasets are: of n interactions a
 * tenth (rounded down, at least one) validates, the rest of a fifth (at least one) tests.
 * Rows are sorted by user, then item.
 */
export function splitPerUser(
  baskets: readonly (readonly number[])[],
  seed: number,
): Interaction[] {
  const draws = createDraws(seed, "split");
  return baskets.flatMap((basket, user) => {
    const tenth = Math.floor(basket.length / 10);
    const validCount = Math.max(1, tenth);
    const testCount = Math.max(1, Math.floor(basket.length / 5) - tenth);
    const rows = draws.shuffled(basket).map((item, rank): Interaction => {
      if (rank < validCount) return { user, item, split: "valid" };
      return { user, item, split: rank < validCount + testCount ? "test" : "train" };
    });
    return rows.sort((a, b) => a.item - b.item);
  });
}
