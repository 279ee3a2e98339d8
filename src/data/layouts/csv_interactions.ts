/**
 * The layout for one's own data: a CSV file with the columns `user`, `item`, `split`.
 *
 * @module
 */

import type { DatasetLayout, FileSet } from "./layout.ts";
import { linePlace, readHeader, readTable, splitLabel, wholeNumber } from "../number_table.ts";

const FILE = "interactions.csv";
const COLUMNS = { user: wholeNumber, item: wholeNumber, split: splitLabel };

/** `interactions.csv`, or else any CSV file with the three columns; split by name or as 0, 1, 2. */
export const csvInteractions: DatasetLayout = {
  title: "CSV",
  shape: `${FILE} with columns ${Object.keys(COLUMNS).join(",")}`,
  async find(source, names) {
    if (names.includes(FILE)) return [[FILE]];
    const found: FileSet[] = [];
    for (const name of names.filter((each) => /^[^/]+\.csv$/.test(each))) {
      const header = await readHeader(source, name, ",");
      if (Object.keys(COLUMNS).every((column) => header.includes(column))) found.push([name]);
    }
    return found;
  },
  read: async (source, [name]) => ({
    ...await readTable(source, name!, ",", COLUMNS),
    place: linePlace(source, name!),
  }),
};
