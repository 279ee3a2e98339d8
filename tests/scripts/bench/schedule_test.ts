import { assertEquals } from "@std/assert";
import { scheduleDataset, scheduleOf } from "../../../scripts/bench/schedule.ts";
import { buildDataset, type DatasetParts } from "../../../src/data/dataset.ts";
import { loadDataset } from "../../../src/data/load_dataset.ts";
import { testOnRealData } from "../../real_data.ts";

/** Two warps of two rows each, which cut rows into segments of two entries. */
const walkers = { warps: 2, rowsPerWarp: 2, longestSegment: 2 };

const rows: [string, number[], ReturnType<typeof scheduleOf>][] = [
  // Pairs of rows take 5, 1, 3 and 2 steps: one warp walks the first, the other 1 + 3 + 2. By length pairs
  // take 5, 3, 1 and 1: one warp walks the first, the other 3 + 1 + 1. Segments are five of two entries
  // and six of one, and their pairs take 2, 2, 2, 1, 1 and 1: one warp walks 2 + 2, the other 2 + 1 + 1,
  // and either the last.
  ["unequal ones", [5, 1, 1, 1, 3, 3, 2, 0], {
    entries: 16,
    longest: 5,
    ideal: 4,
    inOrder: 6,
    waiting: 1 - 4 / 6,
    byLength: 5,
    inSegments: 5,
  }],
  ["equal ones", [2, 2, 2, 2], {
    entries: 8,
    longest: 2,
    ideal: 2,
    inOrder: 2,
    waiting: 0,
    byLength: 2,
    inSegments: 2,
  }],
  // In order 4 comes after a pair that takes 1. By length the other pairs are walked beside it, and as two
  // segments of two entries it is one pair.
  ["the longest one last", [1, 1, 1, 1, 4], {
    entries: 8,
    longest: 4,
    ideal: 2,
    inOrder: 5,
    waiting: 1 - 2 / 5,
    byLength: 4,
    inSegments: 2,
  }],
  ["none", [], {
    entries: 0,
    longest: 0,
    ideal: 0,
    inOrder: 0,
    waiting: 0,
    byLength: 0,
    inSegments: 0,
  }],
];

for (const [name, lengths, expected] of rows) {
  Deno.test(`rows keep the warps as counted by hand: ${name}`, () => {
    assertEquals(scheduleOf(Uint32Array.from(lengths), walkers), expected);
  });
}

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

/** Steps in order, by length and in segments, of Ã. */
const STEPS = { baby: [651, 593, 64], sports: [894, 748, 104] };

for (const [name, steps] of Object.entries(STEPS)) {
  testOnRealData(name, `an H100's warps wait for the longest row of ${name}`, async (folder) => {
    const [adjacency] = scheduleDataset(await loadDataset(folder));
    const { inOrder, byLength, inSegments } = adjacency!;
    assertEquals([inOrder, byLength, inSegments], steps);
  });
}
