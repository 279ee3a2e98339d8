/**
 * Rankings that are asked for again and again, with lists of any length.
 *
 * A list longer than kernels/top_k.wgsl can keep is made in rounds: each hides what the rounds before it
 * found and ranks the rest, {@linkcode LONGEST_LIST} places at a time, from vectors that are made once.
 *
 * @module
 */
import type { GpuDevice } from "../../gpu/device.ts";
import { PacedQueue, runOnce } from "../../gpu/paced_queue.ts";
import type { Program } from "../../gpu/program.ts";
import { Scratch } from "../../gpu/scratch.ts";
import { createTensors, readIntegers, type Tensor, write } from "../../gpu/tensor.ts";
import { InputError } from "../../input_error.ts";
import type { SparsePattern } from "../../sparse/csr.ts";
import { Tape } from "../../tape/tape.ts";
import {
  createLists,
  type ListEnds,
  LONGEST_LIST,
  NO_CANDIDATE,
  recordTopK,
  type TopKLists,
} from "./top_k.ts";
import { type Ranked, type Tiles, uploadSeen } from "./tiles.ts";

/** Lists of items, one per query. */
export interface ItemLists {
  /** Item ids, queries × k, best first: by score, ties by id; 0xffffffff where no item was left. */
  readonly items: Uint32Array<ArrayBuffer>;
  /** List length. */
  readonly k: number;
}

/** Ranked lists, one per query. */
export interface Ranking extends ItemLists {
  /** The items' scores. */
  readonly scores: Float32Array<ArrayBuffer>;
}

/**
 * Ranks as often as asked, with the vectors as they are by then. Until it is done, nothing else that shares the
 * ranker's memory may run.
 */
export interface Ranker extends Disposable {
  /** What is recorded; for those who count. */
  readonly programs: readonly Program[];
  /** Ranks all items for all queries. */
  rank(): Promise<Ranking>;
  /** The same without the scores, half of what is to be read. */
  rankItems(): Promise<ItemLists>;
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

/**
 * Records a ranking.
 *
 * @param record Records what makes the vectors of all queries and candidates, with ids from 0; what it uploads for that is left to `resources`, which
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
  const vectors = resources.use(tape.program);
  const hidden = resources.use(uploadSeen(gpu, seen));
  const lists = resources.use(createLists(gpu, seen.rowCount, Math.min(k, LONGEST_LIST)));
  const ranked = record(tape, resources);
  const first = resources.use(recordTopK(tape, ranked, hidden, lists));
  let rounds: Rounds | undefined;
  if (k > lists.k) {
    const ends = resources.use(createTensors(gpu, {
      scores: ["last scores", [seen.rowCount]],
      ids: ["last ids", [seen.rowCount]],
    }));
    const next = resources.use(recordTopK(tape, ranked, hidden, lists, ends));
    rounds = { next, ends };
  }
  tape.finish();
  const queue = new PacedQueue(gpu, label);
  const make: MakeLists = async (topK, ...read) => {
    if (topK === first) await runOnce(vectors);
    await queue.add(topK.replays());
    queue.flush();
    const numbers = await readIntegers(gpu, ...read);
    queue.rest();
    return numbers;
  };
  const rank = async (): Promise<Ranking> => {
    if (rounds) return await rankInRounds(gpu, make, lists, k, { first, ...rounds });
    const [items, scores] = await make(first, lists.ids, lists.scores);
    return { items: items!, scores: new Float32Array(scores!.buffer), k };
  };
  const rankItems = async (): Promise<ItemLists> => {
    if (rounds) return await rank();
    const [items] = await make(first, lists.ids);
    return { items: items!, k };
  };
  const owned = resources.move();
  return {
    programs: [vectors, ...first.programs, ...rounds?.next.programs ?? []],
    rank,
    rankItems,
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

/** Makes lists and reads tensors of them. */
type MakeLists = (topK: Tiles, ...read: Tensor[]) => Promise<Uint32Array<ArrayBuffer>[]>;

/** What the rounds after the first need. */
interface Rounds {
  /** Fills the lists with what follows `ends`. */
  readonly next: Tiles;
  /** What the round before ended with. */
  readonly ends: ListEnds;
}

/** Makes and reads the first round's lists, then the others'. */
async function rankInRounds(
  gpu: GpuDevice,
  make: MakeLists,
  lists: TopKLists,
  k: number,
  { first, next, ends }: Rounds & { readonly first: Tiles },
): Promise<Ranking> {
  const queries = lists.ids.shape[0]!;
  const whole = {
    items: new Uint32Array(queries * k).fill(NO_CANDIDATE),
    scores: new Float32Array(queries * k),
    k,
  };
  for (let start = 0; start < k; start += lists.k) {
    const read = await make(start === 0 ? first : next, lists.ids, lists.scores);
    const items = read[0]!, scores = new Float32Array(read[1]!.buffer);
    const length = Math.min(lists.k, k - start);
    const lastItems = new Uint32Array(queries), lastScores = new Float32Array(queries);
    for (let query = 0; query < queries; query++) {
      const from = query * lists.k, to = query * k + start;
      whole.items.set(items.subarray(from, from + length), to);
      whole.scores.set(scores.subarray(from, from + length), to);
      lastItems[query] = items[from + length - 1]!;
      lastScores[query] = scores[from + length - 1]!;
    }
    if (lastItems.every((item) => item === NO_CANDIDATE)) break; // nothing is left for anybody
    write(gpu, ends.ids, lastItems);
    write(gpu, ends.scores, lastScores);
  }
  return whole;
}
