/**
 * The layout of the MMRec framework: one `NAME.inter` whose `x_label` column tells the split.
 *
 * @module
 */

import type { DatasetLayout } from "./layout.ts";
import { linePlace, readTable, splitLabel, wholeNumber } from "../number_table.ts";

/** Tab-separated `userID`, `itemID`, `x_label` (0 train, 1 valid, 2 test) among other columns. */
export const mmrec: DatasetLayout = {
  title: "MMRec",
  shape: "one NAME.inter",
  find: (_source, names) =>
    names.filter((name) => /^[^/]+\.inter$/.test(name)).map((name) => [name]),
  async read(source, [name]) {
    const { userID, itemID, x_label } = await readTable(source, name!, "\t", {
      userID: wholeNumber,
      itemID: wholeNumber,
      x_label: splitLabel,
    });
    return { user: userID, item: itemID, split: x_label, place: linePlace(source, name!) };
  },
};
