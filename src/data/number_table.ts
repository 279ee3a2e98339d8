/**
 * Reads numbers from delimited text, straight from its bytes: millions of short rows would otherwise
 * cost a string per field.
 *
 * @module
 */

import { InputError } from "../input_error.ts";
import type { Source } from "../files/source.ts";
import { SPLITS } from "./splits.ts";

/** How to read one field. */
export interface FieldKind {
  /** What the field must hold, in words for messages. */
  readonly expected: string;
  /** Parses `bytes[from .. to)`; NaN when that is not such a number. */
  readonly parse: (bytes: Uint8Array, from: number, to: number) => number;
}

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;
const ZERO = 48;

/** A user or item id: digits only. */
export const wholeNumber: FieldKind = {
  expected: "a whole number from 0",
  parse(bytes, from, to) {
    if (from === to) return NaN;
    let value = 0;
    for (let at = from; at < to; at++) {
      const digit = bytes[at]! - ZERO;
      if (digit < 0 || digit > 9) return NaN;
      value = value * 10 + digit;
    }
    return value;
  },
};

/** A split, by name or by label. */
export const splitLabel: FieldKind = {
  expected: "0 (train), 1 (valid) or 2 (test)",
  parse(bytes, from, to) {
    const label = to - from === 1
      ? bytes[from]! - ZERO
      : SPLITS.findIndex((name) => spells(bytes, from, to, name));
    return label in SPLITS ? label : NaN;
  },
};

/** A measured value, such as a cosine. */
export const finiteNumber: FieldKind = {
  expected: "a finite number",
  parse(bytes, from, to) {
    const text = fieldText(bytes, from, to).trim();
    const value = text === "" ? NaN : Number(text);
    return Number.isFinite(value) ? value : NaN;
  },
};

/** Where row `index` (from 0) of the table in a file stands: line 1 is the header. */
export function linePlace({ path }: Source, fileName: string): (index: number) => string {
  return (index) => `${path}/${fileName} line ${index + 2}`;
}

/** Column names of a table, from its first line. */
export async function readHeader(
  source: Source,
  fileName: string,
  separator: "\t" | ",",
): Promise<string[]> {
  const file = await source.open(fileName);
  const bytes = await file.read(0, Math.min(file.size, 1 << 16));
  return headerNames(bytes, separator).names;
}

/**
 * Reads the named columns of a table with a header; other columns are passed over. The result holds
 * one number per row for each name.
 *
 * @throws {InputError} The table is empty, lacks a column, or a row is wrong: told by line and value.
 */
export async function readTable<Name extends string>(
  source: Source,
  fileName: string,
  separator: "\t" | ",",
  kinds: Readonly<Record<Name, FieldKind>>,
): Promise<Record<Name, Float64Array>> {
  const path = `${source.path}/${fileName}`;
  const bytes = await source.read(fileName);
  if (bytes.length === 0) throw new InputError(`${path} is empty.`);
  const { names, end } = headerNames(bytes, separator);
  const rowCount = countLines(bytes, end);
  if (rowCount === 0) throw new InputError(`${path} has a header and no rows.`);

  const wanted = Object.entries<FieldKind>(kinds);
  for (const [name] of wanted) {
    if (!names.includes(name)) {
      throw new InputError(
        `${path} line 1: no column "${name}" among ${names.map((each) => `"${each}"`).join(", ")}.`,
      );
    }
  }
  const columns = Object.fromEntries(wanted.map(([name]) => [name, new Float64Array(rowCount)]));
  const fields = names.map((name) => {
    const kind = (kinds as Record<string, FieldKind | undefined>)[name];
    return kind && { name, kind, values: columns[name]! };
  });
  const place = linePlace(source, fileName);
  const stop = separator.charCodeAt(0);
  let at = end;
  for (let row = 0; row < rowCount; row++) {
    let field = 0;
    for (let inRow = true; inRow; at++) {
      const from = at;
      while (at < bytes.length && bytes[at] !== stop && bytes[at] !== NEWLINE) at++;
      inRow = bytes[at] === stop;
      const to = !inRow && at > from && bytes[at - 1] === CARRIAGE_RETURN ? at - 1 : at;
      const column = fields[field++];
      if (!column) continue;
      const value = column.kind.parse(bytes, from, to);
      if (Number.isNaN(value)) {
        throw new InputError(
          `${place(row)}: ${column.name} "${fieldText(bytes, from, to)}" ` +
            `is not ${column.kind.expected}.`,
        );
      }
      column.values[row] = value;
    }
    if (field !== names.length) {
      throw new InputError(
        `${place(row)} has ${field} columns, but the header has ${names.length}.`,
      );
    }
  }
  return columns as Record<Name, Float64Array>;
}

function headerNames(bytes: Uint8Array, separator: string): { names: string[]; end: number } {
  const newline = bytes.indexOf(NEWLINE);
  const end = newline < 0 ? bytes.length : newline + 1;
  const text = fieldText(bytes, 0, end).replace(/\r?\n$/, "");
  return { names: text.split(separator), end };
}

function countLines(bytes: Uint8Array, from: number): number {
  let count = from < bytes.length && bytes.at(-1) !== NEWLINE ? 1 : 0;
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] === NEWLINE) count++;
  }
  return count;
}

function spells(bytes: Uint8Array, from: number, to: number, word: string): boolean {
  if (to - from !== word.length) return false;
  for (let at = from; at < to; at++) {
    if (bytes[at] !== word.charCodeAt(at - from)) return false;
  }
  return true;
}

function fieldText(bytes: Uint8Array, from: number, to: number): string {
  return new TextDecoder().decode(bytes.subarray(from, to));
}
