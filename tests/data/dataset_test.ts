import { assertEquals, assertThrows } from "@std/assert";
import {
  buildDataset,
  type DatasetParts,
  type Interactions,
  joinSplits,
} from "../../src/data/dataset.ts";
import { featuresOf } from "../../src/data/features.ts";
import { rankNeighbours } from "../../src/data/neighbour_lists.ts";
import { datasetStatistics } from "../../src/data/statistics.ts";
import { InputError } from "../../src/input_error.ts";

const INTERACTIONS: Interactions = {
  user: [2, 0, 2, 0, 2, 0],
  item: [3, 1, 0, 0, 1, 3],
  split: [0, 0, 0, 1, 1, 2],
};

const features = (rows: number) => featuresOf(new Float32Array(rows), 1, `${rows} rows`);
const neighbours = (itemCount: number) =>
  rankNeighbours(itemCount, {
    source: `${itemCount} lists`,
    item: Array.from({ length: itemCount }, (_, item) => item),
    neighbour: Array.from({ length: itemCount }, (_, item) => (item + 1) % itemCount),
    cosine: new Float64Array(itemCount),
  });

Deno.test("interactions in any order become user x item matrices with ascending columns", () => {
  const dataset = buildDataset({ name: "toy", interactions: INTERACTIONS });
  assertEquals([dataset.name, dataset.userCount, dataset.itemCount], ["toy", 3, 4]);
  const shape = { rowCount: 3, columnCount: 4 };
  const expected = {
    train: { rowStart: [0, 1, 1, 3], column: [1, 0, 3] },
    valid: { rowStart: [0, 1, 1, 2], column: [0, 1] },
    test: { rowStart: [0, 1, 1, 1], column: [3] },
  };
  for (const split of ["train", "valid", "test"] as const) {
    const { rowStart, column } = expected[split];
    assertEquals(dataset[split], {
      ...shape,
      rowStart: new Uint32Array(rowStart),
      column: new Uint32Array(column),
    });
  }
});

Deno.test("statistics count every split once", () => {
  const dataset = buildDataset({ name: "toy", interactions: INTERACTIONS });
  assertEquals(datasetStatistics(dataset), {
    users: 3,
    items: 4,
    interactions: 6,
    train: 3,
    valid: 2,
    test: 1,
    sparsity: 0.5,
  });
});

Deno.test("modalities are ordered text, image, then by name", () => {
  const names = ["video", "image", "audio", "text"];
  const { modalities } = buildDataset({
    name: "toy",
    interactions: INTERACTIONS,
    features: Object.fromEntries(names.map((name) => [name, features(4)])),
  });
  assertEquals(modalities.map(({ name }) => name), ["text", "image", "audio", "video"]);
});

Deno.test("lists of splits are joined and keep their places", () => {
  const joined = joinSplits({
    train: { user: [0, 1], item: [1, 2], place: (index) => `train row ${index}` },
    valid: { user: [0], item: [0] },
    test: { user: [1], item: [0], place: (index) => `test row ${index}` },
  });
  assertEquals(Array.from(joined.user), [0, 1, 0, 1]);
  assertEquals(Array.from(joined.item), [1, 2, 0, 0]);
  assertEquals(Array.from(joined.split), [0, 0, 1, 2]);
  assertEquals(
    [0, 1, 2, 3].map((index) => joined.place?.(index)),
    ["train row 0", "train row 1", "valid interaction 1", "test row 0"],
  );
});

const INTERACTION_FAULTS: [name: string, faulty: Partial<Interactions>, says: string][] = [
  ["lists of different length", { user: [0] }, "lists differ in length (1, 6, 6)"],
  ["a fraction as user", { user: [2, 0.5, 2, 0, 2, 0] }, "interaction 2: user 0.5 is not a whole"],
  ["NaN as user", { user: [2, 0, 2, 0, 2, NaN] }, "interaction 6: user NaN is not a whole"],
  ["a negative item", { item: [3, 1, 0, 0, -1, 3] }, "interaction 5: item -1 is not a whole"],
  [
    "an item far too high",
    { item: [3, 1, 0, 0, 1, 99999999] },
    "interaction 6: item 99999999 is too high for 4 distinct items; ids must be dense",
  ],
  ["an unknown split", { split: [0, 0, 3, 1, 1, 2] }, "interaction 3: split 3 is not"],
  ["no train interactions", { split: [1, 1, 1, 1, 1, 2] }, "toy has no train interactions."],
  ["no valid interactions", { split: [0, 0, 0, 0, 0, 2] }, "toy has no valid interactions."],
  ["no test interactions", { split: [0, 0, 0, 1, 1, 1] }, "toy has no test interactions."],
  [
    "a pair repeated in a split",
    { item: [3, 1, 3, 0, 1, 3] },
    "toy, interaction 3: user 2 with item 3 was given already, in toy, interaction 1.",
  ],
  [
    "a pair repeated across splits",
    { item: [3, 1, 0, 0, 1, 1] },
    "toy, interaction 6: user 0 with item 1 was given already, in toy, interaction 2.",
  ],
];

for (const [name, faulty, says] of INTERACTION_FAULTS) {
  Deno.test(`${name}: an input error`, () => {
    assertThrows(
      () => buildDataset({ name: "toy", interactions: { ...INTERACTIONS, ...faulty } }),
      InputError,
      says,
    );
  });
}

Deno.test("gaps among ids are allowed up to 4 x the distinct ids + 1000", () => {
  const withItem = (id: number) =>
    buildDataset({ name: "toy", interactions: { ...INTERACTIONS, item: [3, 1, 0, 0, 1, id] } });
  assertEquals(withItem(1015).itemCount, 1016);
  assertThrows(() => withItem(1016), InputError, "item 1016 is too high for 4 distinct items");
});

Deno.test("features and neighbours are given as plain arrays, by modality", async () => {
  const { modalities, titles } = buildDataset({
    name: "toy",
    interactions: INTERACTIONS,
    features: {
      image: features(4),
      text: { values: new Float32Array([1, 2, 3, 4, 5, 6, 7, 8]), width: 2 },
    },
    neighbours: {
      text: { item: [0, 1, 2, 3], neighbour: [1, 0, 3, 2], cosine: [1, 1, 1, 1] },
      audio: neighbours(4),
    },
    titles: new Map([[0, "Mug"]]),
  });
  const [text, image, audio] = modalities;
  assertEquals(modalities.map(({ name }) => name), ["text", "image", "audio"]);
  assertEquals([text?.features?.rows, text?.features?.width], [4, 2]);
  assertEquals(await text?.features?.read(1, 3), new Float32Array([3, 4, 5, 6]));
  assertEquals(text?.neighbours?.nearest(1), new Uint32Array([1, 0, 3, 2]));
  assertEquals([image?.features?.source, image?.neighbours], ["4 rows", undefined]);
  assertEquals([audio?.features, audio?.neighbours?.source], [undefined, "4 lists"]);
  assertEquals(titles, new Map([[0, "Mug"]]));
});

const cycle = { item: [0, 1, 2, 3], neighbour: [1, 2, 3, 0], cosine: [1, 1, 1, 1] };
const MODALITY_FAULTS: [Pick<DatasetParts, "features" | "neighbours">, says: string][] = [
  [{ features: { text: features(5) } }, "5 rows has 5 rows, but toy has 4 items."],
  [{ neighbours: { text: neighbours(3) } }, "3 lists lists 3 items, but toy has 4."],
  [
    { features: { text: { values: new Float32Array(10), width: 2 } } },
    'toy modality "text" has 5 rows, but toy has 4 items.',
  ],
  [
    { features: { text: { values: new Float32Array(9), width: 2 } } },
    'toy modality "text": 9 values do not fill rows of 2.',
  ],
  [
    { features: { image: { values: new Float32Array([0, 1, 2, NaN]), width: 1 } } },
    'toy modality "image" row 3, column 0 (counted from 0): NaN is not a finite 32-bit number.',
  ],
  [
    { neighbours: { text: { ...cycle, neighbour: [1, 2, 3, 4] } } },
    'toy modality "text", row 4: neighbor 4 is not one of the 4 items',
  ],
  [
    { neighbours: { text: { ...cycle, cosine: [1] } } },
    'toy modality "text": columns differ in length (4, 4, 1).',
  ],
  [
    { neighbours: { text: { ...cycle, item: [0, 1, 2, 2] } } },
    'toy modality "text" lists no neighbour of item 3.',
  ],
];

for (const [parts, says] of MODALITY_FAULTS) {
  Deno.test(`${says}: an input error`, () => {
    assertThrows(
      () => buildDataset({ name: "toy", interactions: INTERACTIONS, ...parts }),
      InputError,
      says,
    );
  });
}
