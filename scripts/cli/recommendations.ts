/**
 * Recommendations as text.
 *
 * @module
 */
import type { ScoredItem } from "../../src/evaluation/recommend.ts";

/** What is shown for one user. */
export interface UserReport {
  /** User id. */
  readonly user: number;
  /** Items they interacted with in train and validation. */
  readonly bought: readonly number[];
  /** Items they interacted with in the test split, which the model has not seen. */
  readonly heldOut: readonly number[];
  /** What the model recommends. */
  readonly recommended: readonly ScoredItem[];
}

/** An item's title; its number where it has none. */
export function titleOf(titles: ReadonlyMap<number, string>, item: number): string {
  return titles.get(item) ?? `item ${item}`;
}

/** A user's purchases and recommendations; what they went on to buy is marked. */
export function describeUser(
  { user, bought, heldOut, recommended }: UserReport,
  titles: ReadonlyMap<number, string>,
  most = 5,
): string {
  const shown = bought.slice(0, most).map((item) => `    ${titleOf(titles, item)}`);
  if (bought.length > most) shown.push(`    … and ${bought.length - most} more`);
  const listed = recommended.map(({ item }, place) => {
    const mark = heldOut.includes(item) ? "   ← bought it (held out from training)" : "";
    return `    ${place + 1}. ${titleOf(titles, item)}${mark}`;
  });
  return [`user ${user} bought`, ...shown, "  and may like", ...listed].join("\n");
}
