/**
 * Rankings that are asked for again and again, with lists of any length.
 *
 * A list longer than kernels/top_k.wgsl can keep is made in rounds: each hides what the rounds before it
 * found and ranks the rest, {@linkcode LONGEST_LIST} places at a time, from vectors that are made once.
 *
 * @module
 */
import type { GpuDevice } from "../../gpu/device.ts";
import type { Program } from "../../gpu/program.ts";
import { Scratch } from "../../gpu/scratch.ts";
import { createTensors, readFloats, readIntegers, write } from "../../gpu/tensor.ts";
import { InputError } from "../../input_error.ts";
import type { SparsePattern } from "../../sparse/csr.ts";
import { Tape } from "../../tape/tape.ts";
import {
  type Block,
  createLists,
  type ListEnds,
  LONGEST_LIST,
  recordTopK,
  type TopKLists,
  uploadSeen,
} from "./top_k.ts";

/** Ranked lists, one per query. */
export interface Ranking {
  /** Item ids, queries × k, best first: by score, ties by id; 0xffffffff where no item was left. */
  readonly items: Uint32Array<ArrayBuffer>;
  /** Their scores. */
  readonly scores: Float32Array<ArrayBuffer>;
  /** List length. */
  readonly k: number;
}

/** Ranks as often as asked, with the vectors as they are by then. */
export interface Ranker extends Disposable {
  /**
   * Ranks all items for all queries. Until it is done, nothing else that shares the ranker's memory may
   * run.
   */
  rank(): Promise<Ranking>;
}

/** What a ranker is to do. */
export interface RankerOptions {
  /** Queries × items that must not be shown. */
  readonly seen: SparsePattern;
  /** List length. */
  readonly k: number;
  /** Memory to share with other programs; its own when undefined. */
  readonly scratch?: Scratch;
}

/** Queries and candidates: all there are, with ids from 0. */
export interface Ranked {
  /** Who is asking; as many as `seen` has rows. */
  readonly queries: Block;
  /** The items. */
  readonly candidates: Block;
}

/**
 * Records a ranking.
 *
 * @param record Records what makes the vectors; what it uploads for that is left to `resources`, which
 * live as long as the ranker.
 * @throws {InputError} when `k` is not a whole number from 1.
 */
export function recordRanker(
  gpu: GpuDevice,
  label: string,
  { seen, k, scratch }: RankerOptions,
  record: (tape: Tape, resources: DisposableStack) => Ranked,
): Ranker {
  requireLength("k", k);
  using resources = new DisposableStack();
  const memory = scratch ?? resources.use(new Scratch(gpu));
  const tape = new Tape(gpu, label, memory);
  const first = resources.use(tape.program);
  const hidden = resources.use(uploadSeen(gpu, seen));
  const lists = resources.use(createLists(gpu, seen.rowCount, Math.min(k, LONGEST_LIST)));
  const { queries, candidates } = record(tape, resources);
  recordTopK(tape, queries, candidates, hidden, lists);
  let rounds: Rounds | undefined;
  if (k > lists.k) {
    const ends = resources.use(createTensors(gpu, {
      scores: ["last scores", [seen.rowCount]],
      ids: ["last ids", [seen.rowCount]],
    }));
    // While the first tape still holds the vectors, so that their memory is not taken.
    const next = new Tape(gpu, `${label}, next round`, memory);
    rounds = { next: resources.use(next.program), ends };
    recordTopK(next, queries, candidates, hidden, lists, ends);
    next.finish();
  }
  tape.finish();
  const owned = resources.move();
  return {
    rank: async () => {
      first.run();
      return rounds ? await readRounds(gpu, lists, k, rounds) : await readLists(gpu, lists);
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/**
 * Checks the length of a list; `name` is what the message calls it.
 *
 * @throws {InputError} when it is not a whole number from 1.
 */
export function requireLength(name: string, length: number): void {
  if (!Number.isSafeInteger(length) || length < 1) {
    throw new InputError(`${name} is ${length}, but must be a whole number from 1.`);
  }
}

/** What the rounds after the first need. */
interface Rounds {
  /** Fills the lists with what follows `ends`. */
  readonly next: Program;
  /** What the round before ended with. */
  readonly ends: ListEnds;
}

async function readLists(gpu: GpuDevice, { k, ids, scores }: TopKLists): Promise<Ranking> {
  const [[items], [values]] = await Promise.all([readIntegers(gpu, ids), readFloats(gpu, scores)]);
  return { items: items!, scores: values!, k };
}

/** Reads the first round's lists, then runs and reads the others'. */
async function readRounds(
  gpu: GpuDevice,
  lists: TopKLists,
  k: number,
  { next, ends }: Rounds,
): Promise<Ranking> {
  const queries = lists.ids.shape[0]!;
  const whole = {
    items: new Uint32Array(queries * k),
    scores: new Float32Array(queries * k),
    k,
  };
  for (let start = 0; start < k; start += lists.k) {
    if (start > 0) next.run();
    const { items, scores } = await readLists(gpu, lists);
    const length = Math.min(lists.k, k - start);
    const lastItems = new Uint32Array(queries), lastScores = new Float32Array(queries);
    for (let query = 0; query < queries; query++) {
      const from = query * lists.k, to = query * k + start;
      whole.items.set(items.subarray(from, from + length), to);
      whole.scores.set(scores.subarray(from, from + length), to);
      lastItems[query] = items[from + length - 1]!;
      lastScores[query] = scores[from + length - 1]!;
    }
    write(gpu, ends.ids, lastItems);
    write(gpu, ends.scores, lastScores);
  }
  return whole;
}
