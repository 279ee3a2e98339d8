/**
 * The K best candidates of each query, by inner product or what else makes scores, without ever holding all scores:
 * tiles of them ({@linkcode recordTiles}) are merged into running lists.
 *
 * Full ranking (queries are users, candidates items, hidden what a user has seen) and cosine kNN
 * (paper, Eq. 3; both are rows of normalised features, hidden the item itself) are this one operation.
 * Nothing is differentiated through it.
 *
 * @module
 */
import type { GpuDevice } from "../../gpu/device.ts";
import { getKernel } from "../../gpu/kernel.ts";
import { createTensors, type Tensor } from "../../gpu/tensor.ts";
import maskRanked from "../../../kernels/mask_ranked.wgsl" with { type: "text" };
import topK from "../../../kernels/top_k.wgsl" with { type: "text" };
import { InputError } from "../../input_error.ts";
import type { Tape } from "../../tape/tape.ts";
import { type Ranked, recordTiles, type SeenTensors, type Tiles } from "./tiles.ts";

/** The best candidates so far of every query. */
export interface TopKLists extends Disposable {
  /** List length. */
  readonly k: number;
  /** Scores, queries × k, best first. */
  readonly scores: Tensor;
  /** Candidate ids, likewise; {@linkcode NO_CANDIDATE} where there were too few. */
  readonly ids: Tensor;
}

/** What each query's list ended with, where another goes on from there. */
export interface ListEnds {
  /** The last scores, one per query. */
  readonly scores: Tensor;
  /** The last candidate ids, likewise; {@linkcode NO_CANDIDATE} where there were too few. */
  readonly ids: Tensor;
}

/** Stands in a list where there was no further candidate. */
export const NO_CANDIDATE = 0xffffffff;

/** The longest list that kernels/top_k.wgsl can keep. */
export const LONGEST_LIST = 128;

/**
 * Checks the length of a list; `name` is what the message calls it.
 *
 * @throws {InputError} when it is not a whole number from 1 to 128.
 */
export function requireListLength(name: string, length: number): void {
  if (!Number.isInteger(length) || length < 1 || length > LONGEST_LIST) {
    throw new InputError(
      `${name} is ${length}, but must be a whole number from 1 to ${LONGEST_LIST}.`,
    );
  }
}

/**
 * Allocates lists for `queries` rows.
 *
 * @throws {InputError} when `k` is not a whole number from 1 to 128.
 */
export function createLists(gpu: GpuDevice, queries: number, k: number): TopKLists {
  requireListLength("k", k);
  const tensors = createTensors(gpu, {
    scores: ["best scores", [queries, k]],
    ids: ["best ids", [queries, k]],
  });
  return { k, ...tensors };
}

/**
 * Records the merging of a block of candidates into the lists of a block of queries. Blocks of candidates
 * must come in ascending order of ids; the one that starts with id 0 empties the lists first.
 *
 * @param tape Of what makes the vectors, which is to run first; the replays use its memory.
 * @param after Where lists go on that were made before: they get what follows. Their own first
 * candidates unless told.
 */
export function recordTopK(
  tape: Tape,
  ranked: Ranked,
  seen: SeenTensors,
  lists: TopKLists,
  after?: ListEnds,
): Tiles {
  const { k } = lists;
  // Where every candidate is better than all before it, each takes k + 4 rounds of top_k's loops.
  return recordTiles(tape, ranked, seen, [k + 4, 2 * k + 3], (program, tile) => {
    const { tensors, rows, candidates } = tile;
    const { gpu } = program;
    if (after) {
      program.dispatch(
        getKernel(gpu, { name: "mask_ranked", code: maskRanked }),
        { ...tensors, last_score: after.scores, last_id: after.ids },
        { row_stride: rows },
        { invocations: rows * candidates / 4 },
      );
    }
    program.dispatch(
      getKernel(gpu, { name: "top_k", code: topK }),
      { ...tensors, best_score: lists.scores, best_id: lists.ids },
      { row_stride: rows, k },
      { invocations: rows },
    );
  });
}
