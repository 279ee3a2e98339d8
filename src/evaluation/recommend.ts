/**
 * Recommendations and similar items, for people rather than for metrics.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { InputError } from "../input_error.ts";
import { builtModel, type Model } from "../models/model.ts";
import { representations } from "../models/representations.ts";
import { pickRows } from "../ops/ranking/pick_rows.ts";
import { type Ranking, recordRanker, requireLength } from "../ops/ranking/ranker.ts";
import { NO_CANDIDATE } from "../ops/ranking/top_k.ts";
import { normaliseRows } from "../ops/rows/normalise_rows.ts";
import {
  onePerRow,
  rowOf,
  type SparseMatrix,
  type SparsePattern,
  valuesOf,
} from "../sparse/csr.ts";
import { valued } from "../sparse/matrix_sums.ts";
import { seenBefore } from "./ranking.ts";

/** An item and how well it fits. */
export interface ScoredItem {
  /** Item id. */
  readonly item: number;
  /** Inner product with the user, or cosine with the item asked about. */
  readonly score: number;
}

const LIST_LENGTH = 10;

/**
 * The best items that each user has not seen in train or validation, best first, ties by id.
 *
 * @param options User ids, and how many items to list: a whole number from 1, 10 unless told. Lists are
 * shorter where items run out.
 * @returns One list per user, in the order of `users`.
 * @throws {InputError} when there is no such user or `k` is not a whole number from 1.
 * @throws {GpuError} when the GPU fails.
 */
export async function recommend(
  model: Model,
  data: Pick<Dataset, "train" | "valid">,
  { users, k = LIST_LENGTH }: { readonly users: readonly number[]; readonly k?: number },
): Promise<ScoredItem[][]> {
  requireIds("user", users, model.userCount);
  requireLength("k", k);
  if (users.length === 0) return [];
  const built = builtModel(model);
  const { gpu, userCount, itemCount, products = [] } = built;
  const train = pickPatternRows(data.train, users), valid = pickPatternRows(data.valid, users);
  const seen = seenBefore({ train, valid }, "test");
  const options = { seen, k: Math.min(k, itemCount) };
  using ranker = recordRanker(gpu, "recommendations", options, (tape, resources) => {
    const vectors = built.represent?.(tape);
    const asking = vectors && pickRows(tape, vectors, users, resources);
    return {
      queries: { vectors: asking, firstRow: 0, firstId: 0, count: users.length },
      candidates: { vectors, firstRow: userCount, firstId: 0, count: itemCount },
      products: products.map((product) => ({
        ...product,
        queries: pickMatrixRows(product.queries, users),
      })),
    };
  });
  return listsOf(await ranker.rank());
}

/**
 * The items whose representations have the largest cosines with that of `item`, or that the model itself lists for
 * it, best first, ties by id; without the item itself.
 *
 * @throws {InputError} when there is no such item or `k` is not a whole number from 1.
 * @throws {GpuError} when the GPU fails.
 */
export function similarItems(
  model: Model,
  item: number,
  options?: { readonly k?: number },
): Promise<ScoredItem[]>;
/** The same for several items: one list for each, in their order. */
export function similarItems(
  model: Model,
  items: readonly number[],
  options?: { readonly k?: number },
): Promise<ScoredItem[][]>;
export async function similarItems(
  model: Model,
  asked: number | readonly number[],
  { k = LIST_LENGTH }: { readonly k?: number } = {},
): Promise<ScoredItem[] | ScoredItem[][]> {
  const items = typeof asked === "number" ? [asked] : asked;
  requireIds("item", items, model.itemCount);
  requireLength("k", k);
  if (items.length === 0) return [];
  const built = builtModel(model);
  const { gpu, userCount, itemCount, similarItems: similar } = built;
  const options = { seen: onePerRow(items, itemCount), k: Math.min(k, itemCount) };
  using ranker = recordRanker(gpu, "similar items", options, (tape, resources) => {
    if (similar) {
      const block = { firstRow: 0, firstId: 0 };
      return {
        queries: { ...block, count: items.length },
        candidates: { ...block, count: itemCount },
        products: [{ queries: valued(onePerRow(items, itemCount)), rows: similar }],
      };
    }
    const vectors =
      normaliseRows(tape, { value: representations(built, tape), constant: true }).value;
    const asking = pickRows(tape, vectors, items.map((item) => userCount + item), resources);
    return {
      queries: { vectors: asking, firstRow: 0, firstId: 0, count: items.length },
      candidates: { vectors, firstRow: userCount, firstId: 0, count: itemCount },
    };
  });
  const lists = listsOf(await ranker.rank());
  return typeof asked === "number" ? lists[0]! : lists;
}

function listsOf({ items, scores, k }: Ranking): ScoredItem[][] {
  return Array.from({ length: items.length / k }, (_, query) =>
    Array.from(
      items.subarray(query * k, (query + 1) * k),
      (item, place) => ({ item, score: scores[query * k + place]! }),
    ).filter(({ item }) => item !== NO_CANDIDATE));
}

/** Some rows of a pattern, one below the other. */
function pickPatternRows(pattern: SparsePattern, rows: readonly number[]): SparsePattern {
  const picked = rows.map((row) => rowOf(pattern, row));
  const rowStart = new Uint32Array(rows.length + 1);
  picked.forEach(({ length }, r) => rowStart[r + 1] = rowStart[r]! + length);
  const column = new Uint32Array(rowStart[rows.length]!);
  picked.forEach((columns, r) => column.set(columns, rowStart[r]));
  return { rowCount: rows.length, columnCount: pattern.columnCount, rowStart, column };
}

/** The same of a matrix. */
function pickMatrixRows(matrix: SparseMatrix, rows: readonly number[]): SparseMatrix {
  const value = new Float32Array(rows.flatMap((row) => [...valuesOf(matrix, row)]));
  return { ...pickPatternRows(matrix, rows), value };
}

function requireIds(kind: "user" | "item", ids: readonly number[], count: number): void {
  for (const id of ids) {
    if (!Number.isInteger(id) || id < 0 || id >= count) {
      throw new InputError(`There is no ${kind} ${id}: ids go from 0 to ${count - 1}.`);
    }
  }
}
