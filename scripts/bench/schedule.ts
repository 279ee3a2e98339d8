/**
 * How long a pass over a graph keeps a GPU's warps, on paper.
 *
 * The model: a GPU walks `warps` groups of lanes at the same time, and each of them `rowsPerWarp` rows
 * side by side, one entry of each per step (an H100 has 132 multiprocessors that issue from four warps of
 * 32 lanes, and a row of 64 columns takes four lanes, as in kernels/gather.wgsl). The lanes of a warp go
 * on together, so that it takes as many steps as its longest row has entries. Rows are dealt out in the
 * order in which the kernel walks them, each next handful to the warp that is free first, and the pass
 * ends when the last warp does. Memory, caches and the warps that hide their latency are left out: the
 * model tells how evenly the work is spread, not how long it takes.
 *
 * @module
 */
import type { Dataset } from "../../src/data/dataset.ts";
import { OTHER_NEIGHBORS } from "../../src/models/stair.ts";
import { highestFirst } from "../../src/sparse/counting_sort.ts";
import { rowLengths, type SparsePattern } from "../../src/sparse/csr.ts";
import { interactionGraph, similarityGraph } from "../../src/sparse/graphs.ts";
import { BABY_SKEW, type Degrees, skewedDegrees } from "./generated_graph.ts";
import { stairSettings } from "./workload.ts";

/** What walks the rows, and how finely they may be cut. */
export interface Walkers {
  /** Warps at work at the same time. */
  readonly warps: number;
  /** Rows that a warp walks side by side. */
  readonly rowsPerWarp: number;
  /** Entries of a segment at most, where rows are cut. */
  readonly longestSegment: number;
}

/** Steps until a pass ends, in each of which a row's lanes take one entry. */
export interface Schedule {
  /** Entries of all rows. */
  readonly entries: number;
  /** Entries of the longest row. */
  readonly longest: number;
  /** Were the entries spread evenly over all lanes. */
  readonly ideal: number;
  /** With rows in order, as the kernels walk them. */
  readonly inOrder: number;
  /** Share of the lanes' steps in order that takes no entry. */
  readonly waiting: number;
  /** With the longest rows first. */
  readonly byLength: number;
  /**
   * With rows cut into segments, the longest first; that the segments' sums are then to be added is not
   * counted.
   */
  readonly inSegments: number;
}

/** The schedule of a graph. */
export interface GraphSchedule extends Schedule {
  /** Which graph. */
  readonly graph: string;
}

/** An H100 with rows of 64 columns. */
export const H100: Walkers = { warps: 528, rowsPerWarp: 8, longestSegment: 64 };

/** Electronics, with as many users and items as the paper tells (Table 1). */
const ELECTRONICS = { users: 192_403, items: 63_001, interactions: 1_300_000 };

/** A large shop, and how unequal its items are: the i-th has a share of i^−exponent. */
const LARGE = { users: 1_000_000, items: 300_000, interactions: 20_000_000 };
const ZIPF_EXPONENTS = [0.42, 0.7, 0.9];

/** How the rows of a graph, of these lengths and in this order, keep a GPU's warps. */
export function scheduleOf(lengths: Uint32Array, walkers: Walkers = H100): Schedule {
  const { warps, rowsPerWarp, longestSegment } = walkers;
  const entries = lengths.reduce((sum, length) => sum + length, 0);
  const ideal = entries / (warps * rowsPerWarp);
  const sorted = longestFirst(lengths);
  const inOrder = stepsOf(lengths, walkers);
  return {
    entries,
    longest: sorted[0] ?? 0,
    ideal,
    inOrder,
    waiting: inOrder === 0 ? 0 : 1 - ideal / inOrder,
    byLength: stepsOf(sorted, walkers),
    inSegments: stepsOf(longestFirst(segmentsOf(lengths, longestSegment)), walkers),
  };
}

/** Steps until the last warp ends that walks these rows, dealt out in order. */
function stepsOf(lengths: Uint32Array, { warps, rowsPerWarp }: Walkers): number {
  const busyUntil = new Float64Array(warps);
  for (let row = 0; row < lengths.length; row += rowsPerWarp) {
    let longest = 0;
    for (const length of lengths.subarray(row, row + rowsPerWarp)) {
      longest = Math.max(longest, length);
    }
    let free = 0;
    for (let warp = 1; warp < warps; warp++) {
      if (busyUntil[warp]! < busyUntil[free]!) free = warp;
    }
    busyUntil[free]! += longest;
  }
  return Math.max(...busyUntil);
}

function longestFirst(lengths: Uint32Array): Uint32Array {
  return highestFirst(lengths).map((row) => lengths[row]!);
}

/** The lengths of the rows' parts, each row cut off at `longest` entries as often as it is longer. */
function segmentsOf(lengths: Uint32Array, longest: number): Uint32Array {
  const count = lengths.reduce((sum, length) => sum + Math.ceil(length / longest), 0);
  const segments = new Uint32Array(count).fill(longest);
  let end = 0;
  for (const length of lengths) {
    end += Math.ceil(length / longest);
    if (length % longest > 0) segments[end - 1] = length % longest;
  }
  return segments;
}

/**
 * The schedules of the graphs that STAIR's passes walk: Ã of the dataset's train interactions and, where
 * all its neighbours are given, S̃.
 */
export function scheduleDataset({ name, train, modalities, itemCount }: Dataset): GraphSchedule[] {
  const { neighbors } = stairSettings(name).settings;
  const schedule = (graph: string, matrix: SparsePattern): GraphSchedule => ({
    graph: `${name}, ${graph}`,
    ...scheduleOf(rowLengths(matrix)),
  });
  const schedules = [schedule("Ã", interactionGraph(train))];
  const used = modalities
    .map((modality) => ({ ...modality, k: neighbors[modality.name] ?? OTHER_NEIGHBORS }))
    .filter(({ k }) => k > 0);
  const lists = used.flatMap(({ neighbours, k }) =>
    neighbours ? { ids: neighbours.nearest(k), k } : []
  );
  if (lists.length > 0 && lists.length === used.length) {
    schedules.push(schedule("S̃", similarityGraph(lists, itemCount)));
  }
  return schedules;
}

/**
 * The schedules of Ã of generated graphs, nodes in random order: one of Electronics' size, skewed as Baby
 * is, and some of 20 million interactions. Their rows' lengths alone are made, as nothing else counts.
 */
export function scheduleGenerated(): GraphSchedule[] {
  const schedule = (graph: string, { users, items }: Degrees): GraphSchedule => {
    const lengths = new Uint32Array(users.length + items.length);
    lengths.set(users);
    lengths.set(items, users.length);
    return { graph: `generated, ${graph}`, ...scheduleOf(lengths) };
  };
  const usersOf = ({ users: count, interactions: total }: typeof LARGE) =>
    skewedDegrees({ count, total, ...BABY_SKEW.users });
  return [
    schedule("Electronics-sized", {
      users: usersOf(ELECTRONICS),
      items: skewedDegrees({
        count: ELECTRONICS.items,
        total: ELECTRONICS.interactions,
        ...BABY_SKEW.items,
      }),
    }),
    ...ZIPF_EXPONENTS.map((exponent) => {
      const { items: count, interactions: total } = LARGE;
      const items = skewedDegrees({ count, total, least: 0, exponent, seed: 2 });
      return schedule(`20 M, Zipf ${exponent}`, { users: usersOf(LARGE), items });
    }),
  ];
}
