/**
 * What items are called, for people who read recommendations.
 *
 * @module
 */
import { parse } from "@std/csv";
import { InputError } from "../input_error.ts";

/** Files that may hold titles, in the order looked for. */
const FILES = [
  { name: "items.csv", item: "item", separator: "," },
  { name: "titles.csv", item: "item", separator: "," },
  { name: "titles.tsv", item: "itemID", separator: "\t" },
  { name: "titles_partial.tsv", item: "itemID", separator: "\t" },
] as const;

/**
 * Titles by item id, from the folder's items.csv (columns item and title) or titles file; empty where
 * there is none.
 *
 * @throws {InputError} when the file lacks a column.
 */
export async function readTitles(folder: string): Promise<Map<number, string>> {
  for (const { name, item, separator } of FILES) {
    const path = `${folder}/${name}`;
    let text;
    try {
      text = await Deno.readTextFile(path);
    } catch {
      continue;
    }
    const rows: string[][] = separator === "\t"
      ? text.trimEnd().split(/\r?\n/).map((line) => line.split(separator))
      : parse(text);
    const [header = [], ...body] = rows;
    const idColumn = header.indexOf(item), titleColumn = header.indexOf("title");
    if (idColumn < 0 || titleColumn < 0) {
      throw new InputError(`${path} line 1: columns "${item}" and "title" are needed.`);
    }
    return new Map(body.map((row) => [Number(row[idColumn]), row[titleColumn] ?? ""]));
  }
  return new Map();
}
