/**
 * What every model trains on: users, items, their interactions in three splits, and what is known of
 * the items in each modality. Every reader ends in {@linkcode buildDataset}, so a dataset that exists
 * has been checked.
 *
 * @module
 */

import { InputError } from "../input_error.ts";
import { indicesBelow, runStarts, sortByKey } from "../sparse/counting_sort.ts";
import type { SparsePattern } from "../sparse/csr.ts";
import { type FeatureMatrix, featuresOf } from "./features.ts";
import { type NeighbourLists, type NeighbourRows, rankNeighbours } from "./neighbour_lists.ts";
import { type Split, SPLITS } from "./splits.ts";

/** A multimodal implicit-feedback dataset; user and item ids count from 0. */
export interface Dataset {
  /** Name in tables and messages. */
  readonly name: string;
  /** The folder it was read from; none when it was built from arrays. */
  readonly folder?: string;
  /** Highest user id over all splits, plus 1. */
  readonly userCount: number;
  /** Highest item id over all splits, plus 1. */
  readonly itemCount: number;
  /** Training interactions, userCount x itemCount. */
  readonly train: SparsePattern;
  /** Validation interactions, userCount x itemCount. */
  readonly valid: SparsePattern;
  /** Test interactions, userCount x itemCount. */
  readonly test: SparsePattern;
  /** Text first, then image, then the others by name. */
  readonly modalities: readonly Modality[];
  /** What items are called, by their ids; items may have none. */
  readonly titles: ReadonlyMap<number, string>;
}

/** One view of the items: their features, their nearest neighbours in it, or both. */
export interface Modality {
  /** "text", "image", or whatever the files call it. */
  readonly name: string;
  /** One row per item. */
  readonly features?: FeatureMatrix;
  /** One ranked list of neighbours per item; used instead of a search in the features, or without them. */
  readonly neighbours?: NeighbourLists;
}

/** (user, item) pairs of all splits, in any order. */
export interface Interactions {
  /** User id of each interaction. */
  readonly user: ArrayLike<number>;
  /** Item id of each interaction. */
  readonly item: ArrayLike<number>;
  /** Label of each interaction: 0 train, 1 valid, 2 test. */
  readonly split: ArrayLike<number>;
  /** Where interaction `index` was read, for messages. */
  readonly place?: (index: number) => string;
}

/** (user, item) pairs of one split. */
export type InteractionList = Omit<Interactions, "split">;

/** What {@linkcode buildDataset} is made from. */
export interface DatasetParts {
  /** Name in tables and messages. */
  readonly name: string;
  /** Interactions of all splits; no pair twice. */
  readonly interactions: Interactions;
  /**
   * By modality ("text", "image", …); may be left out for models that need interactions alone. Either a matrix
   * that is read in parts, or `values` at hand: `width` finite numbers per item, item after item.
   */
  readonly features?: Readonly<
    Record<string, FeatureMatrix | { readonly values: Float32Array; readonly width: number }>
  >;
  /** By modality; found by features where left out. */
  readonly neighbours?: Readonly<Record<string, NeighbourLists | NeighbourRows>>;
  /** What items are called, by their ids. */
  readonly titles?: ReadonlyMap<number, string>;
}

/**
 * Checks the parts and builds the three user x item matrices, columns ascending.
 *
 * @example Two users, three items, two numbers for each item's text
 * ```ts
 * import { buildDataset } from "./dataset.ts";
 *
 * const dataset = buildDataset({
 *   name: "tiny",
 *   interactions: { user: [0, 0, 1, 1], item: [0, 1, 2, 0], split: [0, 1, 0, 2] },
 *   features: { text: { values: new Float32Array([1, 0, 0, 1, 1, 1]), width: 2 } },
 * });
 * ```
 *
 * @throws {InputError} An id is not a whole number or not dense, a pair is repeated, a split is
 * empty, or features or neighbours are not finite or do not fit the items.
 */
export function buildDataset(parts: DatasetParts): Dataset {
  const { name, interactions, titles = new Map() } = parts;
  const { user, item, split } = interactions;
  const place = interactions.place ?? ((index) => `${name}, interaction ${index + 1}`);
  requireEqualLengths(name, user, item, split);
  requireLabels(name, split, place);
  const userCount = denseCount("user", user, place);
  const itemCount = denseCount("item", item, place);
  const order = userItemOrder(user, userCount, item, itemCount);
  requireDistinctPairs(order, interactions, place);
  const [train, valid, test] = SPLITS.map((_, label) => {
    const inSplit = order.filter((index) => split[index] === label);
    return splitPattern(inSplit, user, userCount, item, itemCount);
  }) as [SparsePattern, SparsePattern, SparsePattern];
  const modalities = modalitiesOf(parts, itemCount);
  return { name, userCount, itemCount, train, valid, test, modalities, titles };
}

/** Checks features and neighbours and puts them together, text and image first. */
function modalitiesOf({ name, features = {}, neighbours = {} }: DatasetParts, itemCount: number) {
  const rank = (modality: string) => ["image", "text"].indexOf(modality);
  const names = [...new Set([...Object.keys(features), ...Object.keys(neighbours)])]
    .sort((a, b) => rank(b) - rank(a) || (a < b ? -1 : 1));
  return names.map((modality): Modality => {
    const source = `${name} modality "${modality}"`;
    const given = features[modality], lists = neighbours[modality];
    return {
      name: modality,
      features: given && featuresFor(given, source, name, itemCount),
      neighbours: lists && neighboursFor(lists, source, name, itemCount),
    };
  });
}

function featuresFor(
  given: NonNullable<DatasetParts["features"]>[string],
  source: string,
  name: string,
  itemCount: number,
): FeatureMatrix {
  const features = "values" in given ? featuresOf(given.values, given.width, source) : given;
  if (features.rows !== itemCount) {
    throw new InputError(
      `${features.source} has ${features.rows} rows, but ${name} has ${itemCount} items.`,
    );
  }
  return features;
}

function neighboursFor(
  given: NeighbourLists | NeighbourRows,
  source: string,
  name: string,
  itemCount: number,
): NeighbourLists {
  const lists = "nearest" in given ? given : rankNeighbours(itemCount, { source, ...given });
  if (lists.itemCount !== itemCount) {
    throw new InputError(
      `${lists.source} lists ${lists.itemCount} items, but ${name} has ${itemCount}.`,
    );
  }
  return lists;
}

/** Puts one list per split into one. */
export function joinSplits(lists: Readonly<Record<Split, InteractionList>>): Interactions {
  const length = SPLITS.reduce((sum, name) => sum + lists[name].user.length, 0);
  const user = new Float64Array(length);
  const item = new Float64Array(length);
  const split = new Float64Array(length);
  const starts: number[] = [];
  let start = 0;
  for (const [label, name] of SPLITS.entries()) {
    const list = lists[name];
    requireEqualLengths(name, list.user, list.item);
    user.set(list.user, start);
    item.set(list.item, start);
    split.fill(label, start, start + list.user.length);
    starts.push(start);
    start += list.user.length;
  }
  const place = (index: number) => {
    const label = split[index]!;
    const name = SPLITS[label]!;
    const within = index - starts[label]!;
    return lists[name].place?.(within) ?? `${name} interaction ${within + 1}`;
  };
  return { user, item, split, place };
}

function requireEqualLengths(name: string, ...lists: ArrayLike<number>[]): void {
  const lengths = lists.map((list) => list.length);
  if (new Set(lengths).size > 1) {
    throw new InputError(`${name}: interaction lists differ in length (${lengths.join(", ")}).`);
  }
}

function requireLabels(
  name: string,
  split: ArrayLike<number>,
  place: (index: number) => string,
): void {
  const counts = [0, 0, 0];
  for (let index = 0; index < split.length; index++) {
    const label = split[index]!;
    if (!(label in counts)) {
      throw new InputError(
        `${place(index)}: split ${label} is not 0 (train), 1 (valid), 2 (test).`,
      );
    }
    counts[label]!++;
  }
  for (const [label, count] of counts.entries()) {
    if (count === 0) throw new InputError(`${name} has no ${SPLITS[label]} interactions.`);
  }
}

/** Highest id plus 1; a mistyped id must not make a giant table. */
function denseCount(
  kind: "user" | "item",
  ids: ArrayLike<number>,
  place: (index: number) => string,
): number {
  let highest = 0;
  for (let index = 0; index < ids.length; index++) {
    const id = ids[index]!;
    if (!Number.isInteger(id) || id < 0) {
      throw new InputError(`${place(index)}: ${kind} ${id} is not a whole number from 0.`);
    }
    if (id > ids[highest]!) highest = index;
  }
  const count = ids[highest]! + 1;
  const distinct = countDistinct(ids, count);
  if (count > mostIds(distinct)) {
    throw new InputError(
      `${place(highest)}: ${kind} ${count - 1} is too high for ${distinct} distinct ${kind}s; ` +
        `ids must be dense, counting from 0.`,
    );
  }
  return count;
}

/** How high ids may count where so many are in use. */
function mostIds(distinct: number): number {
  return 4 * distinct + 1000;
}

/** How many different ids there are, all below `count`. */
function countDistinct(ids: ArrayLike<number>, count: number): number {
  // A set of millions takes seconds, but a table is no bigger than the ids only where they are dense.
  if (count > mostIds(ids.length)) return new Set(Array.from(ids)).size;
  const seen = new Uint8Array(count);
  let distinct = 0;
  for (let index = 0; index < ids.length; index++) {
    distinct += 1 - seen[ids[index]!]!;
    seen[ids[index]!] = 1;
  }
  return distinct;
}

/** Interaction indices by user, then item, then index: a radix sort with two digits. */
function userItemOrder(
  user: ArrayLike<number>,
  userCount: number,
  item: ArrayLike<number>,
  itemCount: number,
): Uint32Array<ArrayBuffer> {
  return sortByKey(sortByKey(indicesBelow(user.length), item, itemCount), user, userCount);
}

function requireDistinctPairs(
  order: Uint32Array,
  { user, item }: Interactions,
  place: (index: number) => string,
): void {
  for (let at = 1; at < order.length; at++) {
    const first = order[at - 1]!;
    const again = order[at]!;
    if (user[first] === user[again] && item[first] === item[again]) {
      throw new InputError(
        `${place(again)}: user ${user[again]} with item ${item[again]} ` +
          `was given already, in ${place(first)}.`,
      );
    }
  }
}

function splitPattern(
  order: Uint32Array<ArrayBuffer>,
  user: ArrayLike<number>,
  userCount: number,
  item: ArrayLike<number>,
  itemCount: number,
): SparsePattern {
  return {
    rowCount: userCount,
    columnCount: itemCount,
    rowStart: runStarts(order, user, userCount),
    column: order.map((index) => item[index]!),
  };
}
