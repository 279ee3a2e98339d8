/**
 * What items are called, for people who read recommendations.
 *
 * @module
 */
import { decodeHTML } from "entities";
import type { Source } from "../files/source.ts";
import { InputError } from "../input_error.ts";
import { columnOf, idColumnOf, type ItemsTable, parseItemsTable } from "./items_table.ts";

/** Files that may hold titles, in the order looked for. */
const FILES = ["items.csv", "titles.csv", "titles.tsv", "titles_partial.tsv"];

/**
 * Titles by item id, their entities (`&amp;`) decoded, from the folder's items.csv or titles file, with
 * columns item (or itemID) and title; empty where there is none.
 *
 * @param names The folder's files.
 * @throws {InputError} when the file cannot be read, lacks a column or rows, or an id is no whole
 * number: told by line and value.
 */
export async function readTitles(
  source: Source,
  names: readonly string[],
): Promise<Map<number, string>> {
  const name = FILES.find((each) => names.includes(each));
  if (name === undefined) return new Map();
  const path = `${source.path}/${name}`;
  const text = new TextDecoder().decode(await source.read(name));
  const table = name.endsWith(".tsv") ? splitTabs(text, path) : parseItemsTable(text, path);
  const idColumn = idColumnOf(table);
  const ids = columnOf(table, idColumn), titles = columnOf(table, "title");
  ids.forEach((id, row) => requireId(table, idColumn, id, row));
  return new Map(ids.map((id, row) => [Number(id), decodeHTML(titles[row] ?? "")]));
}

/** Published titles have tabs of their own: what follows one is left out, where other tables refuse it. */
function splitTabs(text: string, path: string): ItemsTable {
  const [header = [], ...rows] = text.trimEnd().split(/\r?\n/).map((line) => line.split("\t"));
  return { path, header, rows };
}

function requireId({ path, rows }: ItemsTable, column: string, id: string, row: number): void {
  if (/^\d+$/.test(id)) return;
  // Quoted fields may run over several lines; the header has line 1.
  const line = 2 + row + (rows.slice(0, row).flat().join().match(/\n/g)?.length ?? 0);
  throw new InputError(`${path} line ${line}: ${column} "${id}" is not a whole number from 0.`);
}
