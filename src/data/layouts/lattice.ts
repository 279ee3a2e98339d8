/**
 * The layout LATTICE was published with: JSON objects from user to item list, one per split.
 *
 * @module
 */

import type { Source } from "../../files/source.ts";
import { InputError } from "../../input_error.ts";
import { type InteractionList, joinSplits } from "../dataset.ts";
import type { DatasetLayout } from "./layout.ts";

const FILES = ["5-core/train.json", "5-core/val.json", "5-core/test.json"];

/** `{"0": [3, 8], …}` in one file per split. */
export const lattice: DatasetLayout = {
  title: "LATTICE",
  shape: FILES.join(", "),
  find: (_source, names) => FILES.every((file) => names.includes(file)) ? [FILES] : [],
  read: async (source) =>
    joinSplits({
      train: await readSplit(source, "5-core/train.json"),
      valid: await readSplit(source, "5-core/val.json"),
      test: await readSplit(source, "5-core/test.json"),
    }),
};

async function readSplit(source: Source, name: string): Promise<InteractionList> {
  const path = `${source.path}/${name}`;
  const text = new TextDecoder().decode(await source.read(name));
  if (text.trim() === "") throw new InputError(`${path} is empty.`);
  const user: number[] = [];
  const item: number[] = [];
  const entry: number[] = [];
  for (const [key, items] of Object.entries(parseObject(path, text))) {
    if (!/^\d+$/.test(key)) {
      throw new InputError(`${path}: key "${key}" is not a user, a whole number from 0.`);
    }
    if (!Array.isArray(items)) {
      throw new InputError(
        `${path} key "${key}": ${JSON.stringify(items)} is not a list of items.`,
      );
    }
    for (const [index, id] of items.entries()) {
      if (!Number.isInteger(id) || id < 0) {
        throw new InputError(
          `${path} key "${key}", entry ${index + 1}: ` +
            `item ${JSON.stringify(id)} is not a whole number from 0.`,
        );
      }
      user.push(Number(key));
      item.push(id);
      entry.push(index + 1);
    }
  }
  if (user.length === 0) throw new InputError(`${path} holds no interactions.`);
  requireDistinctKeys(path, text);
  return { user, item, place: (at) => `${path} key "${user[at]}", entry ${entry[at]}` };
}

function parseObject(path: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The engine quotes the text around the fault, line breaks included.
    const reason = (error as Error).message.replaceAll(/\s+/g, " ");
    throw new InputError(`${path} is not JSON: ${reason}.`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InputError(`${path} is not a JSON object from user to item list.`);
  }
  return value as Record<string, unknown>;
}

/** `JSON.parse` keeps only the last of two equal keys; the others' items would silently be lost. */
function requireDistinctKeys(path: string, text: string): void {
  const seen = new Set<string | undefined>();
  for (const [, key] of text.matchAll(/"([^"]*)"\s*:/g)) {
    if (seen.has(key)) throw new InputError(`${path}: key "${key}" is given twice.`);
    seen.add(key);
  }
}
