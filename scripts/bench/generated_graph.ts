/**
 * Random interaction graphs with given degrees, and datasets around them: what speed is measured on
 * where real data is missing or too small. They say nothing about accuracy.
 *
 * @module
 */
import { InputError } from "../../src/input_error.ts";
import { createRandom, type RandomSource, shuffle, uniformBelow } from "../../src/random.ts";
import {
  columnCounts,
  patternOf,
  rowLengths,
  rowOf,
  type SparsePattern,
} from "../../src/sparse/csr.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { type FeatureMatrix, featuresOf } from "../../src/data/features.ts";
import type { NeighbourLists } from "../../src/data/neighbour_lists.ts";

/** How many interactions each user and each item has. */
export interface Degrees {
  /** One count per user. */
  readonly users: Uint32Array<ArrayBuffer>;
  /** One count per item, of the same sum. */
  readonly items: Uint32Array<ArrayBuffer>;
}

/** How {@linkcode skewedDegrees} shares interactions out. */
export interface Skew {
  /** Nodes. */
  readonly count: number;
  /** Interactions in all. */
  readonly total: number;
  /** Interactions that each node has at least. */
  readonly least: number;
  /** What is left goes to the i-th node by weight i^−exponent. */
  readonly exponent: number;
  /** Seed of the nodes' order. */
  readonly seed: number;
}

/** Swaps that are tried for one repeated pair. */
const MOST_TRIES = 10_000;

/** Features of each item of {@linkcode generateDataset}, per modality. */
const FEATURE_WIDTH = 128;

/** Independent directions in {@linkcode generateFeatures}; twice an embedding's usual width. */
const FACTORS = 128;

/** Neighbours per item and modality in {@linkcode generateDataset}. */
const NEIGHBOURS = 10;

/** The degrees of a graph. */
export function degreesOf(graph: SparsePattern): Degrees {
  return { users: rowLengths(graph), items: columnCounts(graph) };
}

/** The same distribution over `times` as many users, items and interactions. */
export function repeatDegrees({ users, items }: Degrees, times: number): Degrees {
  const repeat = (degrees: Uint32Array): Uint32Array<ArrayBuffer> =>
    Uint32Array.from({ length: times * degrees.length }, (_, i) => degrees[i % degrees.length]!);
  return { users: repeat(users), items: repeat(items) };
}

/** Degrees as shops have them, a few high and many low, in random order. */
export function skewedDegrees(
  { count, total, least, exponent, seed }: Skew,
): Uint32Array<ArrayBuffer> {
  let weights = 0;
  for (let rank = 1; rank <= count; rank++) weights += rank ** -exponent;
  const degrees = new Uint32Array(count);
  // Rounding sums, not single degrees, gives the total exactly.
  let weight = 0, given = 0;
  for (let rank = 1; rank <= count; rank++) {
    weight += rank ** -exponent;
    const end = Math.round(weight / weights * (total - count * least));
    degrees[rank - 1] = least + end - given;
    given = end;
  }
  shuffle(createRandom(seed), degrees);
  return degrees;
}

/** Degrees about as skewed as those of the paper's Baby train split. */
export const BABY_SKEW = {
  users: { least: 3, exponent: 0.4, seed: 1 },
  items: { least: 1, exponent: 0.5, seed: 2 },
} as const;

/** The degrees of a graph as large as the paper's Baby train split, and about as skewed. */
export function babyDegrees(): Degrees {
  const total = 118_551;
  return {
    users: skewedDegrees({ count: 19_445, total, ...BABY_SKEW.users }),
    items: skewedDegrees({ count: 7_050, total, ...BABY_SKEW.items }),
  };
}

/**
 * A random users × items graph with exactly these degrees and no pair twice: the items' ends are dealt
 * to the users at random, and pairs that come up again swap ends with others (configuration model).
 *
 * @throws {InputError} when the sums differ or no such graph is found.
 */
export function generateGraph({ users, items }: Degrees, seed: number): SparsePattern {
  const rowStart = startsOf(users);
  const pairs = rowStart[users.length]!;
  const ends = items.reduce((sum, degree) => sum + degree, 0);
  if (ends !== pairs) {
    throw new InputError(`Users have ${pairs} interactions in all, but items ${ends}.`);
  }
  const column = new Uint32Array(pairs);
  for (let item = 0, end = 0; item < items.length; item++) {
    column.fill(item, end, end += items[item]!);
  }
  const random = createRandom(seed);
  shuffle(random, column);
  const graph = { rowCount: users.length, columnCount: items.length, rowStart, column };
  separateRepeats(graph, random);
  for (let user = 0; user < users.length; user++) rowOf(graph, user).sort();
  return graph;
}

function startsOf(degrees: Uint32Array): Uint32Array<ArrayBuffer> {
  const starts = new Uint32Array(degrees.length + 1);
  degrees.forEach((degree, i) => starts[i + 1] = starts[i]! + degree);
  return starts;
}

/** Swaps ends until no row holds an item twice; degrees stay. */
function separateRepeats(graph: SparsePattern, random: RandomSource): void {
  const { rowCount, columnCount, rowStart, column } = graph;
  const owner = new Uint32Array(column.length);
  for (let user = 0; user < rowCount; user++) {
    owner.fill(user, rowStart[user], rowStart[user + 1]);
  }
  const lastUser = new Int32Array(columnCount).fill(-1);
  for (let end = 0; end < column.length; end++) {
    const user = owner[end]!;
    if (lastUser[column[end]!] === user) swapAway(graph, owner, end, random);
    lastUser[column[end]!] = user;
  }
}

/** Swaps an end with a random one such that neither of the two users gets an item twice. */
function swapAway(
  graph: SparsePattern,
  owner: Uint32Array,
  end: number,
  random: RandomSource,
): void {
  const { column } = graph;
  const item = column[end]!, user = owner[end]!;
  for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
    const other = uniformBelow(random, column.length);
    const theirs = column[other]!;
    if (rowOf(graph, user).includes(theirs) || rowOf(graph, owner[other]!).includes(item)) continue;
    column[end] = theirs;
    column[other] = item;
    return;
  }
  throw new InputError(
    `No graph without repeated pairs was found: user ${user} and item ${item} have too many.`,
  );
}

/**
 * Random features, rows × width, with a spectrum that falls as real ones do: noise over factors of
 * which the i-th has strength i^−½ and shows in every 128th column.
 */
export function generateFeatures(rows: number, width: number, seed: number): FeatureMatrix {
  const random = createRandom(seed);
  const centred = (): number => random() / 2 ** 32 - 0.5;
  const strength = Float64Array.from({ length: FACTORS }, (_, factor) => (factor + 1) ** -0.5);
  const values = new Float32Array(rows * width);
  const factors = new Float64Array(FACTORS);
  for (let row = 0; row < rows; row++) {
    for (let f = 0; f < FACTORS; f++) factors[f] = strength[f]! * centred();
    const start = row * width;
    for (let c = 0; c < width; c++) values[start + c] = factors[c % FACTORS]! + 0.05 * centred();
  }
  return featuresOf(values, width, `generated features (${rows} × ${width})`);
}

/** `longest` random others for each item, in any order. */
function generateNeighbours(itemCount: number, longest: number, seed: number): NeighbourLists {
  const limit = Math.min(longest, itemCount - 1);
  const random = createRandom(seed);
  const lists = Array.from({ length: itemCount }, (_, item) => {
    const others = new Set<number>();
    while (others.size < limit) {
      others.add((item + 1 + uniformBelow(random, itemCount - 1)) % itemCount);
    }
    return [...others];
  });
  return {
    source: "generated neighbours",
    itemCount,
    limit,
    nearest: (k) => {
      if (k > limit) throw new InputError(`${k} neighbours are asked for, but ${limit} generated.`);
      return Uint32Array.from(lists.flatMap((others) => others.slice(0, k)));
    },
    cosines: (k) => new Float32Array(itemCount * k).fill(1),
  };
}

/**
 * A dataset with a generated graph to train on, no interactions to test with, and text and image
 * modalities that know nothing of it: 128 random features and ten random neighbours per item.
 *
 * @throws {InputError} as {@linkcode generateGraph} does.
 */
export function generateDataset(name: string, degrees: Degrees, seed: number): Dataset {
  const data = trainOnly(name, generateGraph(degrees, seed));
  const { itemCount } = data;
  const modalities = ["text", "image"].map((modality, m) => ({
    name: modality,
    features: generateFeatures(itemCount, FEATURE_WIDTH, seed + m + 1),
    neighbours: generateNeighbours(itemCount, NEIGHBOURS, seed + m + 1),
  }));
  return { ...data, modalities };
}

/** A dataset of interactions to train on, and nothing else. */
export function trainOnly(name: string, train: SparsePattern): Dataset {
  const { rowCount: userCount, columnCount: itemCount } = train;
  const none = patternOf(userCount, itemCount, []);
  return {
    name,
    userCount,
    itemCount,
    train,
    valid: none,
    test: none,
    modalities: [],
    titles: new Map(),
  };
}
