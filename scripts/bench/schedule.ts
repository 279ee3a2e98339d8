/**
 * How long a pass over a graph keeps a GPU, on paper.
 *
 * The model: a GPU walks some rows at the same time, one entry of each per step. They are dealt out a handful
 * at a time, each next one to the walker that is free first: a warp of 32 lanes, four to a row, where rows are
 * taken in order, or a workgroup, which walks 16 segments of rows until the last of them ends. Memory, caches
 * and what hides their latency are left out: the model tells how evenly the work is spread, not how long it
 * takes.
 *
 * @module
 */
import type { Dataset } from "../../src/data/dataset.ts";
import { OTHER_NEIGHBORS } from "../../src/models/stair.ts";
import { rowLengths, type SparsePattern } from "../../src/sparse/csr.ts";
import { interactionGraph, similarityGraph } from "../../src/sparse/graphs.ts";
import {
  dealRows,
  SEGMENT_WORDS,
  segmentLength,
  type Segments,
  SEGMENTS_PER_BLOCK,
} from "../../src/sparse/row_segments.ts";
import { BABY_SKEW, type Degrees, degreesOf, skewedDegrees } from "./generated_graph.ts";
import { stairSettings } from "./workload.ts";

/** Rows that are walked at the same time. */
export interface Walkers {
  /** How many walk. */
  readonly count: number;
  /** Rows that each of them walks side by side. */
  readonly rows: number;
}

/** Steps until a pass ends, in each of which a row takes one entry. */
export interface Schedule {
  /** Entries of all rows. */
  readonly entries: number;
  /** Entries of the longest row. */
  readonly longest: number;
  /** Were the entries spread evenly over all walkers. */
  readonly ideal: number;
  /** With whole rows in order. */
  readonly inOrder: number;
  /** Share of the steps in order that takes no entry. */
  readonly waiting: number;
  /** Entries of a segment at most. */
  readonly longestSegment: number;
  /** In the segments that kernels/gather/row_segments.wgsl walks, pieces of rows and their sums included. */
  readonly dealt: number;
  /** Share of these steps that takes no entry. */
  readonly waitingDealt: number;
}

/** The schedule of a graph. */
export interface GraphSchedule extends Schedule {
  /** Which graph. */
  readonly graph: string;
  /** Where the last pass forward is made for a batch's rows alone: these have so many entries, of all. */
  readonly nearBatch?: number;
}

/** An H100, whose 132 multiprocessors issue from four warps of 32 lanes, four lanes to a row of 64 columns. */
export const H100: Walkers = { count: 528, rows: 8 };

/** Electronics, with as many users and items as the paper tells (Table 1). */
const ELECTRONICS = { users: 192_403, items: 63_001, interactions: 1_300_000 };

/** A large shop, and how unequal its items are: the i-th has a share of i^−exponent. */
const LARGE = { users: 1_000_000, items: 300_000, interactions: 20_000_000 };
const ZIPF_EXPONENTS = [0.42, 0.7, 0.9];

/** How the rows of a graph keep a GPU that walks so many of them in order. */
export function scheduleOf(
  { rowStart }: Pick<SparsePattern, "rowStart">,
  walkers: Walkers = H100,
  longestSegment: number = segmentLength(rowStart.at(-1)!),
): Schedule {
  const lengths = rowLengths({ rowStart });
  const entries = rowStart.at(-1)!, width = walkers.count * walkers.rows;
  const ideal = entries / width;
  const inOrder = stepsOf(lengths, walkers);
  const workgroups = { count: width / SEGMENTS_PER_BLOCK, rows: SEGMENTS_PER_BLOCK };
  const { rows, pieces, longRows } = dealRows({ rowStart }, longestSegment);
  const dealt = [pieces, longRows, rows]
    .map((segments) => stepsOf(segmentLengths(segments), workgroups))
    .reduce((sum, steps) => sum + steps, 0);
  const waitingOf = (steps: number): number => steps === 0 ? 0 : 1 - ideal / steps;
  return {
    entries,
    longest: lengths.reduce((most, length) => Math.max(most, length), 0),
    ideal,
    inOrder,
    waiting: waitingOf(inOrder),
    longestSegment,
    dealt,
    waitingDealt: waitingOf(dealt),
  };
}

/** Entries of each segment. */
function segmentLengths(segments: Segments): Uint32Array {
  return Uint32Array.from(
    { length: segments.length / SEGMENT_WORDS },
    (_, number) => segments[SEGMENT_WORDS * number + 2]! - segments[SEGMENT_WORDS * number + 1]!,
  );
}

/** Steps until the last one ends that walks rows of these lengths, dealt out in order. */
function stepsOf(lengths: Uint32Array, { count, rows }: Walkers): number {
  const busyUntil = new Float64Array(count);
  for (let row = 0; row < lengths.length; row += rows) {
    let longest = 0;
    for (const length of lengths.subarray(row, row + rows)) longest = Math.max(longest, length);
    let free = 0;
    for (let walker = 1; walker < count; walker++) {
      if (busyUntil[walker]! < busyUntil[free]!) free = walker;
    }
    busyUntil[free]! += longest;
  }
  return Math.max(...busyUntil);
}

/**
 * The share of all entries that a batch's rows have, on average: a row of u users and i items is in a batch of
 * B triples unless all of them miss it, a triple's user and positive item by their shares of the interactions,
 * its negative item by one of i.
 */
export function shareNearBatch({ users, items }: Degrees, batchSize: number): number {
  const total = users.reduce((sum, degree) => sum + degree, 0);
  let near = 0;
  const add = (degrees: Uint32Array, otherwise: number): void => {
    for (const degree of degrees) {
      const missed = (1 - degree / total) * (1 - otherwise);
      near += degree * (1 - missed ** batchSize);
    }
  };
  add(users, 0);
  add(items, 1 / items.length);
  return total === 0 ? 0 : near / (2 * total);
}

/**
 * The schedules of the graphs that STAIR's passes walk: Ã of the dataset's train interactions and, where
 * all its neighbours are given, S̃.
 */
export function scheduleDataset({ name, train, modalities, itemCount }: Dataset): GraphSchedule[] {
  const { settings: { neighbors }, training: { batchSize } } = stairSettings(name);
  const schedule = (graph: string, matrix: SparsePattern): GraphSchedule => ({
    graph: `${name}, ${graph}`,
    ...scheduleOf(matrix),
  });
  const nearBatch = shareNearBatch(degreesOf(train), batchSize);
  const schedules: GraphSchedule[] = [
    { ...schedule("Ã", interactionGraph(train)), nearBatch },
  ];
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
  const schedule = (graph: string, preset: string, { users, items }: Degrees): GraphSchedule => {
    const rowStart = new Uint32Array(users.length + items.length + 1);
    [...users, ...items].forEach((length, row) => rowStart[row + 1] = rowStart[row]! + length);
    const { training: { batchSize } } = stairSettings(preset);
    const nearBatch = shareNearBatch({ users, items }, batchSize);
    return { graph: `generated, ${graph}`, ...scheduleOf({ rowStart }), nearBatch };
  };
  const usersOf = ({ users: count, interactions: total }: typeof LARGE) =>
    skewedDegrees({ count, total, ...BABY_SKEW.users });
  return [
    schedule("Electronics-sized", "electronics", {
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
      return schedule(`20 M, Zipf ${exponent}`, "baby", { users: usersOf(LARGE), items });
    }),
  ];
}
