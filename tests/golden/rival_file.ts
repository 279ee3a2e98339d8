/**
 * Files of numbers that the rivals' own code computed, with the input that they share.
 *
 * @module
 */
import type { Dataset } from "../../src/data/dataset.ts";
import { featuresOf } from "../../src/data/features.ts";
import { InputError } from "../../src/input_error.ts";
import { patternOf } from "../../src/sparse/csr.ts";
import { parseObject } from "../../src/runs/run_config.ts";
import { flatten, type Nested, type Triple } from "./replay.ts";

/** A part of a golden file that may hold anything. */
export type Json =
  | { readonly [key: string]: Json }
  | readonly Json[]
  | string
  | number
  | boolean
  | null;

/** A rival's golden file: what every one of them has, and the rest as it is. */
export interface RivalFile {
  /** Where it was read. */
  readonly path: string;
  /** Name of the model, such as `LightGCN`. */
  readonly model: string;
  /** The whole file. */
  readonly content: Json;
}

/** The input that all rivals' files share. */
export interface RivalInput {
  /** Train pairs, features; nothing to validate or test. */
  readonly dataset: Dataset;
  /** Train pairs in the order of the file. */
  readonly pairs: readonly (readonly [number, number])[];
  /** The batch that losses and gradients are of. */
  readonly batch: readonly Triple[];
}

/**
 * Parses a rival's golden file.
 *
 * @throws {InputError} when it is not one.
 */
export function parseRival(path: string, text: string): RivalFile {
  const content = parseObject(path, text) as Json;
  const model = (content as { model?: Json }).model;
  if (typeof model !== "string") throw new InputError(`${path} does not name a model ("model").`);
  return { path, model, content };
}

/**
 * Parses common.json, which lies beside the rivals' files.
 *
 * @throws {InputError} when a part of it is missing or out of range.
 */
export function parseRivalInput(path: string, text: string): RivalInput {
  const content = parseObject(path, text) as Json;
  const number = (key: string): number => numbersAt(path, content, key, 0) as number;
  const [userCount, itemCount] = [number("n_users"), number("n_items")];
  const pairs = numbersAt(path, content, "train", 2) as unknown as [number, number][];
  const batch = numbersAt(path, content, "batch", 2) as unknown as Triple[];
  const outside = [...pairs, ...batch].find(([user, ...items]) =>
    !(user >= 0 && user < userCount && items.every((item) => item >= 0 && item < itemCount))
  );
  if (outside) {
    throw new InputError(
      `${path}: ${outside.join(", ")} is no user below ${userCount} with items below ${itemCount}.`,
    );
  }
  const features = (key: string, name: string) => {
    const rows = numbersAt(path, content, key, 2) as readonly Nested[];
    const flat = Float32Array.from(flatten(rows));
    return { name, features: featuresOf(flat, flat.length / itemCount, key) };
  };
  const none = patternOf(userCount, itemCount, []);
  return {
    dataset: {
      name: "common",
      userCount,
      itemCount,
      train: patternOf(userCount, itemCount, pairs),
      valid: none,
      test: none,
      modalities: [features("text_features", "text"), features("image_features", "image")],
      titles: new Map(),
    },
    pairs,
    batch,
  };
}

/**
 * What a golden file holds under keys separated by slashes, such as `gradients/user_embedding.weight`.
 *
 * @throws {InputError} when there is nothing.
 */
export function at({ path, content }: Pick<RivalFile, "path" | "content">, keys: string): Json {
  const found = keys.split("/").reduce<Json | undefined>(
    (inner, key) => (inner as Record<string, Json> | null | undefined)?.[key],
    content,
  );
  if (found === undefined) throw new InputError(`${path}: "${keys}" is missing.`);
  return found;
}

/**
 * Numbers that a golden file holds under keys separated by slashes.
 *
 * @throws {InputError} when there is something else.
 */
export function numbers(file: Pick<RivalFile, "path" | "content">, keys: string): Nested {
  const found = at(file, keys);
  if (!isNested(found)) throw new InputError(`${file.path}: "${keys}" must hold numbers.`);
  return found;
}

/**
 * A single number likewise.
 *
 * @throws {InputError} when there is something else.
 */
export function number(file: Pick<RivalFile, "path" | "content">, keys: string): number {
  const found = at(file, keys);
  if (typeof found !== "number") throw new InputError(`${file.path}: "${keys}" must be a number.`);
  return found;
}

/**
 * A parameter's initial values, flat.
 *
 * @throws {InputError} when the file does not have it.
 */
export function parameter(file: RivalFile, name: string): Float32Array<ArrayBuffer> {
  return Float32Array.from(flatten(numbers(file, `parameters/${name}/values`)));
}

function numbersAt(path: string, content: Json, key: string, depth: number): Nested {
  const found = numbers({ path, content }, key);
  const level = (nested: Nested): number =>
    typeof nested === "number" ? 0 : 1 + (nested.length > 0 ? level(nested[0]!) : depth - 1);
  if (level(found) !== depth) {
    throw new InputError(`${path}: "${key}" is not nested ${depth} deep.`);
  }
  return found;
}

function isNested(value: Json): value is Nested & Json {
  return typeof value === "number" || (Array.isArray(value) && value.every(isNested));
}
