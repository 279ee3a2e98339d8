/**
 * The layout of the freerec framework, which the authors of STAIR use: one text file per split.
 *
 * @module
 */

import type { Source } from "../../files/source.ts";
import { type InteractionList, joinSplits } from "../dataset.ts";
import type { DatasetLayout } from "./layout.ts";
import { linePlace, readTable, wholeNumber } from "../number_table.ts";

const FILES = ["train.txt", "valid.txt", "test.txt"];

/** Tab-separated `USER`, `ITEM` among other columns, in one file per split. */
export const freerec: DatasetLayout = {
  title: "freerec",
  shape: FILES.join(", "),
  find: (_source, names) => FILES.every((file) => names.includes(file)) ? [FILES] : [],
  read: async (source) =>
    joinSplits({
      train: await readSplit(source, "train.txt"),
      valid: await readSplit(source, "valid.txt"),
      test: await readSplit(source, "test.txt"),
    }),
};

async function readSplit(source: Source, name: string): Promise<InteractionList> {
  const columns = { USER: wholeNumber, ITEM: wholeNumber };
  const { USER, ITEM } = await readTable(source, name, "\t", columns);
  return { user: USER, item: ITEM, place: linePlace(source, name) };
}
