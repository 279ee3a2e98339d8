/** The model of a schedule, counted by hand, and what it says of graphs. */
import { assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import { meanBatch } from "../../../scripts/bench/mean_batch.ts";
import {
  scheduleDataset,
  scheduleGenerated,
  scheduleOf,
  shareNearBatch,
} from "../../../scripts/bench/schedule.ts";
import { stairSettings } from "../../../scripts/bench/workload.ts";
import { buildDataset, type DatasetParts } from "../../../src/data/dataset.ts";
import { loadDataset } from "../../../src/data/load_dataset.ts";
import { interactionGraph } from "../../../src/sparse/graphs.ts";
import { drawEpochs } from "../../../src/training/sampler.ts";
import { testOnRealData } from "../../real_data.ts";

/** 16 warps that walk two rows each: as many as two workgroups of 16. */
const walkers = { count: 16, rows: 2 };

/** Rows of these lengths, as an array of offsets. */
const offsetsOf = (lengths: readonly number[]) => ({
  rowStart: Uint32Array.from([0, ...lengths.map((_, row) => sumOf(lengths.slice(0, row + 1)))]),
});
const sumOf = (lengths: readonly number[]) => lengths.reduce((sum, length) => sum + length, 0);

const ones = (count: number) => new Array<number>(count).fill(1);

const rows: [string, number[], Partial<ReturnType<typeof scheduleOf>>][] = [
  // 17 pairs of rows for 16 warps: the first takes 8 steps, the others one, and the last pair comes after one of these.
  // In segments of two the long row is four; with 30 others they fill two blocks, one a step longer than the
  // other, and two rows are in a third: it comes after the second block.
  ["a long one among many", [8, ...ones(33)], {
    entries: 41,
    longest: 8,
    ideal: 41 / 32,
    inOrder: 8,
    waiting: 1 - 41 / 32 / 8,
    dealt: 2,
    waitingDealt: 1 - 41 / 32 / 2,
  }],
  ["equal ones", new Array<number>(32).fill(2), {
    entries: 64,
    longest: 2,
    ideal: 2,
    inOrder: 2,
    waiting: 0,
    dealt: 2,
    waitingDealt: 0,
  }],
  // A block holds 32 entries: the row is three pieces, two blocks of two steps for two workgroups, and one of
  // 16 segments of one entry; the three pieces are then two segments of a block, of two steps.
  ["one of several pieces", [65], {
    entries: 65,
    longest: 65,
    ideal: 65 / 32,
    inOrder: 65,
    waiting: 1 - 65 / 32 / 65,
    dealt: 3 + 2,
    waitingDealt: 1 - 65 / 32 / 5,
  }],
  ["none", [], {
    entries: 0,
    longest: 0,
    ideal: 0,
    inOrder: 0,
    waiting: 0,
    dealt: 0,
    waitingDealt: 0,
  }],
];

for (const [name, lengths, expected] of rows) {
  Deno.test(`rows keep a GPU as counted by hand: ${name}`, () => {
    const schedule = scheduleOf(offsetsOf(lengths), walkers, 2);
    assertEquals(schedule, { ...schedule, ...expected });
  });
}

Deno.test("a batch's rows are as many as chance has it", () => {
  const users = Uint32Array.of(3, 1), items = Uint32Array.of(2, 2);
  // One triple: its user's row, its positive item's and its negative one's, of 4 + 4 entries.
  const user = 3 * 3 / 4 + 1 / 4, item = 2 * (1 - (1 / 2) ** 2);
  assertEquals(shareNearBatch({ users, items }, 1), (user + 2 * item) / 8);
  assertEquals(shareNearBatch({ users, items }, 10_000), 1);
  assertEquals(shareNearBatch({ users: new Uint32Array(2), items: new Uint32Array(2) }, 8), 0);
});

const items = [0, 1, 2, 3, 4, 5];
const interactions = {
  user: [0, 0, 0, 1, 1, 1, 1, 1],
  item: [0, 1, 2, 0, 2, 3, 4, 5],
  split: [0, 0, 0, 0, 0, 0, 1, 2],
};
/** Each item has all others as neighbours. */
const neighbours = {
  item: items.flatMap((item) => Array<number>(5).fill(item)),
  neighbour: items.flatMap((item) => items.filter((other) => other !== item)),
  cosine: Array<number>(30).fill(1),
};

Deno.test("the graphs of a dataset are Ã and, where all neighbours are given, S̃", () => {
  const text = { values: new Float32Array(6).fill(1), width: 1 };
  const graphsOf = (parts: Partial<DatasetParts>) =>
    scheduleDataset(buildDataset({ name: "shop", interactions, ...parts }))
      .map(({ graph, entries, longest }) => [graph, entries, longest]);
  const both = [["shop, Ã", 12, 3], ["shop, S̃", 30, 5]];
  assertEquals(graphsOf({ neighbours: { text: neighbours } }), both);
  assertEquals(graphsOf({ features: { text } }), both.slice(0, 1));
  assertEquals(graphsOf({}), both.slice(0, 1));
});

/** Steps in order and in segments, of Ã. */
const STEPS = { baby: [651, 64], sports: [894, 105] };

for (const [name, steps] of Object.entries(STEPS)) {
  testOnRealData(name, `an H100 waits for no long row of ${name}`, async (folder) => {
    const dataset = await loadDataset(folder);
    const [adjacency] = scheduleDataset(dataset);
    const { inOrder, dealt, ideal } = adjacency!;
    assertEquals([inOrder, dealt], steps);
    assertLessOrEqual(dealt, Math.max(64, 1.25 * ideal));
    // What a batch reaches, counted on batches, is what chance has it.
    const { training: { batchSize } } = stairSettings(name);
    const graph = interactionGraph(dataset.train), triples = dataset.train.column.length;
    const shape = { rows: graph.rowCount, triples, batchSize };
    const { entries } = meanBatch(graph, drawEpochs(dataset.train, 1, shape, 1).next().value);
    assertAlmostEquals(adjacency!.nearBatch!, entries[0]! / entries[2]!, 0.01);
  });
}

Deno.test("generated graphs keep a GPU busy, however skewed", () => {
  for (const { graph, dealt, ideal } of scheduleGenerated()) {
    assertLessOrEqual(dealt, Math.max(64, 1.25 * ideal), graph);
  }
});
