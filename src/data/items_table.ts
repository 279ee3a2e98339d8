/**
 * Tables of text about items, one row per item.
 *
 * @module
 */

import { parse } from "@std/csv";
import { InputError } from "../input_error.ts";

/** A table of items, as text. */
export interface ItemsTable {
  /** Where it was read, for messages. */
  readonly path: string;
  /** Column names. */
  readonly header: readonly string[];
  /** One field per column, in the order of the file. */
  readonly rows: readonly (readonly string[])[];
}

/**
 * Parses a table: tab-separated, without quotes, when the path ends in .tsv, and else CSV.
 *
 * @throws {InputError} It has no rows, or a row is malformed.
 */
export function parseItemsTable(text: string, path: string): ItemsTable {
  const lines = path.endsWith(".tsv") ? splitTabs(text) : parseCsv(text, path);
  const [header = [], ...rows] = lines;
  if (rows.length === 0) throw new InputError(`${path} holds no items.`);
  rows.forEach((row, index) => {
    if (row.length === header.length) return;
    throw new InputError(
      `${path} item ${index + 1} has ${row.length} fields, but the header has ${header.length}.`,
    );
  });
  return { path, header, rows };
}

function splitTabs(text: string): string[][] {
  return text.replace(/\r?\n$/, "").split(/\r?\n/).map((line) => line.split("\t"));
}

function parseCsv(text: string, path: string): string[][] {
  try {
    return parse(text);
  } catch (error) {
    // The parser's message names the line.
    throw new InputError(`${path}: ${(error as Error).message}.`, { cause: error });
  }
}

/**
 * One column, in the order of the rows.
 *
 * @throws {InputError} There is no such column.
 */
export function columnOf({ path, header, rows }: ItemsTable, name: string): string[] {
  const column = header.indexOf(name);
  if (column < 0) {
    const names = header.map((each) => `"${each}"`).join(", ");
    throw new InputError(`${path} line 1: no column "${name}" among ${names}.`);
  }
  return rows.map((row) => row[column]!);
}

/** What the column of item ids is called: "item" or, in MMRec's files, "itemID". */
export function idColumnOf({ header }: ItemsTable): string {
  return ["item", "itemID"].find((name) => header.includes(name)) ?? "item";
}

/**
 * The row of each item id.
 *
 * @throws {InputError} There is no column of ids, or the ids are not 0 up to the number of rows, each
 * once.
 */
export function rowsByItem(table: ItemsTable): number[] {
  const rowOf = new Map(columnOf(table, idColumnOf(table)).map((id, row) => [id, row]));
  return table.rows.map((_, item) => {
    const row = rowOf.get(`${item}`);
    if (row === undefined) {
      throw new InputError(
        `${table.path}: item ${item} is missing; ids must be 0..${
          table.rows.length - 1
        }, each once.`,
      );
    }
    return row;
  });
}
