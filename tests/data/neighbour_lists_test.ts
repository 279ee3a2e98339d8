import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type NeighbourLists,
  rankNeighbours,
  readNeighbourRows,
} from "../../src/data/neighbour_lists.ts";
import { diskFolder } from "../../src/files/deno_source.ts";
import { InputError } from "../../src/input_error.ts";
import { withFolder } from "./dataset_folder.ts";

async function listsIn(folder: string, name: string, itemCount: number): Promise<NeighbourLists> {
  return rankNeighbours(itemCount, await readNeighbourRows(await diskFolder(folder), name));
}

const FILE = `item\tneighbor\tcos
0\t0\t1.0
0\t2\t0.5
0\t1\t0.5
1\t2\t0.1
1\t0\t0.9
2\t1\t-0.25
2\t0\t1e-3
`;

Deno.test("neighbours are ranked by cosine, ties by lower id, the item itself left out", () =>
  withFolder({ "text_knn.tsv": FILE }, async (folder) => {
    const lists = await listsIn(folder, "text_knn.tsv", 3);
    assertEquals([lists.itemCount, lists.limit], [3, 2]);
    assertEquals(lists.source, `${folder}/text_knn.tsv`);
    assertEquals(lists.nearest(2), new Uint32Array([1, 2, 0, 2, 0, 1]));
    assertEquals(lists.nearest(1), new Uint32Array([1, 0, 0]));
    assertEquals(lists.cosines(2), Float32Array.of(0.5, 0.5, 0.9, 0.1, 1e-3, -0.25));
  }));

Deno.test("the shortest list limits k", () => {
  const lists = rankNeighbours(3, {
    source: "toy",
    item: [0, 0, 1, 2, 2],
    neighbour: [1, 2, 0, 0, 1],
    cosine: [0.3, 0.2, 0.3, 0.2, 0.1],
  });
  assertEquals(lists.limit, 1);
  assertThrows(
    () => lists.nearest(2),
    InputError,
    "toy lists 1 neighbours of item 1, but 2 are asked for.",
  );
});

const HEADER = "item\tneighbor\tcos\n";
const FAULTS: [name: string, file: string, says: string][] = [
  ["an item out of range", HEADER + "0\t1\t1\n2\t0\t1\n", "line 3: item 2 is not one of the 2"],
  ["a neighbour out of range", HEADER + "0\t7\t1\n", "line 2: neighbor 7 is not one of the 2"],
  ["a negative neighbour", HEADER + "0\t-1\t1\n", 'line 2: neighbor "-1" is not a whole'],
  ["a cosine that is not finite", HEADER + "0\t1\tnan\n", 'line 2: cos "nan" is not a finite'],
  ["an infinite cosine", HEADER + "0\t1\tInfinity\n", 'line 2: cos "Infinity" is not a finite'],
  ["no cosine", HEADER + "0\t1\t\n", 'line 2: cos "" is not a finite'],
  ["an item without rows", HEADER + "0\t1\t1\n", "lists no neighbour of item 1."],
  ["an item with itself alone", HEADER + "0\t1\t1\n1\t1\t1\n", "lists no neighbour of item 1."],
  [
    "a pair given twice",
    HEADER + "0\t1\t0.5\n1\t0\t0.5\n0\t1\t0.25\n",
    "line 4: neighbor 1 of item 0 was given already, in ",
  ],
  ["no column cos", "item\tneighbor\n0\t1\n", 'line 1: no column "cos"'],
];

for (const [name, file, says] of FAULTS) {
  Deno.test(`a neighbour file with ${name} is an input error`, () =>
    withFolder({ "bad.tsv": file }, async (folder) => {
      await assertRejects(
        () => listsIn(folder, "bad.tsv", 2),
        InputError,
        `${folder}/bad.tsv ${says}`,
      );
    }));
}

Deno.test("rows at hand are checked like those of a file", () => {
  const rank = (item: number, neighbour: number, cosine: number) => () =>
    rankNeighbours(2, {
      source: "toy",
      item: [0, item],
      neighbour: [1, neighbour],
      cosine: [1, cosine],
    });
  assertThrows(rank(1.5, 0, 1), InputError, "toy, row 2: item 1.5 is not one of the 2");
  assertThrows(rank(1, -1, 1), InputError, "toy, row 2: neighbor -1 is not one of the 2");
  assertThrows(rank(1, 0, NaN), InputError, "toy, row 2: cos NaN is not a finite number.");
});
