/**
 * What items are called, for people who read recommendations.
 *
 * @module
 */
import { decodeHTML } from "entities";
import { InputError } from "../input_error.ts";
import { columnOf, type ItemsTable, readItemsTable } from "./items_table.ts";

/** Files that may hold titles, in the order looked for, and their column of item ids. */
const FILES = [
  { name: "items.csv", idColumn: "item" },
  { name: "titles.csv", idColumn: "item" },
  { name: "titles.tsv", idColumn: "itemID" },
  { name: "titles_partial.tsv", idColumn: "itemID" },
] as const;

/**
 * Titles by item id, their entities (`&amp;`) decoded, from the folder's items.csv (columns item and title)
 * or titles file; empty where there is none.
 *
 * @throws {InputError} when the file cannot be read, lacks a column or rows, or an id is no whole
 * number: told by line and value.
 */
export async function readTitles(folder: string): Promise<Map<number, string>> {
  for (const { name, idColumn } of FILES) {
    const table = await readTableIfThere(`${folder}/${name}`);
    if (!table) continue;
    const ids = columnOf(table, idColumn), titles = columnOf(table, "title");
    ids.forEach((id, row) => requireId(table, idColumn, id, row));
    return new Map(ids.map((id, row) => [Number(id), decodeHTML(titles[row] ?? "")]));
  }
  return new Map();
}

async function readTableIfThere(path: string): Promise<ItemsTable | undefined> {
  try {
    return path.endsWith(".tsv") ? await readTabs(path) : await readItemsTable(path);
  } catch (error) {
    const cause = error instanceof InputError ? error.cause : error;
    if (cause instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof InputError) throw error;
    throw new InputError(`Cannot read ${path}: ${(error as Error).message}.`);
  }
}

/** Published titles have tabs of their own: what follows one is left out, where other tables refuse it. */
async function readTabs(path: string): Promise<ItemsTable> {
  const lines = (await Deno.readTextFile(path)).trimEnd().split(/\r?\n/);
  const [header = [], ...rows] = lines.map((line) => line.split("\t"));
  return { path, header, rows };
}

function requireId({ path, rows }: ItemsTable, column: string, id: string, row: number): void {
  if (/^\d+$/.test(id)) return;
  // Quoted fields may run over several lines; the header has line 1.
  const line = 2 + row + (rows.slice(0, row).flat().join().match(/\n/g)?.length ?? 0);
  throw new InputError(`${path} line ${line}: ${column} "${id}" is not a whole number from 0.`);
}
