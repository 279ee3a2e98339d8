/**
 * The layout of the freerec framework, which the authors of STAIR use: one text file per split.
 *
 * @module
 */

import { type InteractionList, joinSplits } from "../dataset.ts";
import type { DatasetLayout } from "./layout.ts";
import { linePlace, readTable, wholeNumber } from "../number_table.ts";

const FILES = ["train.txt", "valid.txt", "test.txt"];

/** Tab-separated `USER`, `ITEM` among other columns, in one file per split. */
export const freerec: DatasetLayout = {
  title: "freerec",
  shape: FILES.join(", "),
  find: (_folder, names) => FILES.every((file) => names.includes(file)) ? [FILES] : [],
  read: async (folder) =>
    joinSplits({
      train: await readSplit(`${folder}/train.txt`),
      valid: await readSplit(`${folder}/valid.txt`),
      test: await readSplit(`${folder}/test.txt`),
    }),
};

async function readSplit(path: string): Promise<InteractionList> {
  const { USER, ITEM } = await readTable(path, "\t", { USER: wholeNumber, ITEM: wholeNumber });
  return { user: USER, item: ITEM, place: linePlace(path) };
}
