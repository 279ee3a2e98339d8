/**
 * Recommendations and similar items, for people rather than for metrics.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { Scratch } from "../gpu/scratch.ts";
import { readFloats, readIntegers } from "../gpu/tensor.ts";
import { InputError } from "../input_error.ts";
import type { BuiltModel } from "../models/model.ts";
import { Tape } from "../tape/tape.ts";
import {
  createLists,
  NO_CANDIDATE,
  recordTopK,
  requireListLength,
  uploadSeen,
} from "../ops/ranking/top_k.ts";
import { rowOf, type SparsePattern } from "../sparse/csr.ts";

/** An item and how well it fits. */
export interface ScoredItem {
  /** Item id. */
  readonly item: number;
  /** Inner product with the user, or cosine with the item asked about. */
  readonly score: number;
}

/**
 * A user's best `top` items among those they have not seen, best first.
 *
 * @param seen Users × items that are not recommended.
 * @throws {InputError} when there is no such user or `top` is not a whole number from 1 to 128.
 */
export async function recommend(
  gpu: Gpu,
  model: BuiltModel,
  seen: SparsePattern,
  user: number,
  top = 10,
): Promise<ScoredItem[]> {
  requireId("user", user, model.userCount);
  requireListLength("top", top);
  const { userCount, itemCount } = model;
  const column = rowOf(seen, user);
  const own = {
    rowCount: 1,
    columnCount: itemCount,
    rowStart: Uint32Array.of(0, column.length),
    column,
  };
  using scratch = new Scratch(gpu);
  using lists = createLists(gpu, 1, top);
  using hidden = uploadSeen(gpu, own);
  const tape = new Tape(gpu, "recommendation", scratch);
  using program = tape.program;
  const vectors = model.represent(tape);
  const asked = { vectors, firstRow: user, firstId: 0, count: 1 };
  const items = { vectors, firstRow: userCount, firstId: 0, count: itemCount };
  recordTopK(tape, asked, items, hidden, lists);
  program.run();
  const [[ids], [scores]] = await Promise.all([
    readIntegers(gpu, lists.ids),
    readFloats(gpu, lists.scores),
  ]);
  return Array.from(ids!, (item, place) => ({ item, score: scores![place]! }))
    .filter(({ item }) => item !== NO_CANDIDATE);
}

/**
 * The `top` items whose representations have the largest cosine with that of `item`, best first.
 * One item's cosines are few: they are taken on the CPU, in f64.
 *
 * @throws {InputError} when there is no such item or `top` is not a whole number from 1 to 128.
 */
export async function similarItems(
  gpu: Gpu,
  model: BuiltModel,
  item: number,
  top = 10,
): Promise<ScoredItem[]> {
  requireId("item", item, model.itemCount);
  requireListLength("top", top);
  using scratch = new Scratch(gpu);
  const tape = new Tape(gpu, "representations", scratch);
  using program = tape.program;
  const vectors = model.represent(tape);
  program.run();
  const [h] = await readFloats(gpu, vectors);
  const dim = vectors.shape[1]!;
  const vector = (id: number): Float32Array =>
    h!.subarray((model.userCount + id) * dim, (model.userCount + id + 1) * dim);
  const asked = vector(item);
  return Array.from({ length: model.itemCount }, (_, id) => ({
    item: id,
    score: cosine(asked, vector(id)),
  }))
    .filter(({ item: id }) => id !== item)
    .sort((a, b) => b.score - a.score || a.item - b.item)
    .slice(0, top);
}

function cosine(a: Float32Array, b: Float32Array): number {
  let product = 0, squaresA = 0, squaresB = 0;
  for (let j = 0; j < a.length; j++) {
    product += a[j]! * b[j]!;
    squaresA += a[j]! ** 2;
    squaresB += b[j]! ** 2;
  }
  return product / (Math.sqrt(squaresA * squaresB) || 1);
}

function requireId(kind: "user" | "item", id: number, count: number): void {
  if (!Number.isInteger(id) || id < 0 || id >= count) {
    throw new InputError(`There is no ${kind} ${id}: ids go from 0 to ${count - 1}.`);
  }
}
