/**
 * What ranking takes where there are many users and items.
 *
 * @module
 */
import { recommend } from "../../src/evaluation/recommend.ts";
import { openDevice } from "../../src/gpu/device.ts";
import { createTensor } from "../../src/gpu/tensor.ts";
import { lightgcn } from "../../src/models/lightgcn.ts";
import { recordRanker } from "../../src/ops/ranking/ranker.ts";
import { patternOf } from "../../src/sparse/csr.ts";
import { generateLarge, type LargeGraph } from "./large_graph.ts";
import { secondsOf } from "./timing.ts";
import { SEED } from "./workload.ts";

/** Numbers per vector, and places of a list. */
const DIM = 64, LIST_LENGTH = 20;

/** How many are ranked for whom. */
export interface RankingSize {
  /** Users with vectors. */
  readonly users: number;
  /** Items, all of them ranked. */
  readonly items: number;
}

/** A ranking that was only recorded. */
export interface RecordedRanking extends RankingSize {
  /** Dispatches and copies recorded. */
  readonly commands: number;
  /** Seconds to record them. */
  readonly seconds: number;
  /** Main memory that it took, with the lists of items that are read in the end. */
  readonly mainBytes: number;
  /** The most GPU memory at once, vectors aside. */
  readonly gpuBytes: number;
}

/** A ranking that was done. */
export interface MeasuredRanking extends RankingSize {
  /** The GPU's name. */
  readonly adapter: string;
  /** Train interactions. */
  readonly interactions: number;
  /** Users whose lists were made. */
  readonly asking: number;
  /** Seconds from the parameters to the lists. */
  readonly seconds: number;
  /** Seconds for a single user: mostly for making the vectors. */
  readonly secondsForOne: number;
  /** Main memory of the whole process in the end, with all of a software adapter's. */
  readonly mainBytes: number;
  /** The most GPU memory at once, the model's included. */
  readonly gpuBytes: number;
  /** Submissions. */
  readonly submits: number;
  /** How often the GPU was waited for. */
  readonly waits: number;
}

/** A large shop, which few adapters have the memory for. */
export const LARGE_SHOP: RankingSize = { users: 1_000_000, items: 300_000 };

/** Users that lists are made for. */
export const ASKING = 10_000;

/** Records the ranking of all items for all users, of whom nothing is hidden, without doing it. */
export async function countRanking({ users, items }: RankingSize): Promise<RecordedRanking> {
  using gpu = await openDevice({ dry: true });
  const seen = patternOf(users, items, []);
  // Counted apart: that it is larger than a binding of the adapter is no matter here.
  using vectors = createTensor(gpu, "vectors", [1]);
  const before = heldBytes(), start = performance.now();
  using ranker = recordRanker(gpu, "large shop", { seen, k: LIST_LENGTH }, () => {
    const all = { vectors: { ...vectors, shape: [users + items, DIM] }, firstId: 0 };
    return {
      queries: { ...all, firstRow: 0, count: users },
      candidates: { ...all, firstRow: users, count: items },
    };
  });
  const seconds = (performance.now() - start) / 1000;
  const lists = await ranker.rankItems();
  const commands = ranker.programs.reduce((sum, { commands }) => sum + commands.length, 0);
  return {
    users,
    items,
    commands,
    seconds,
    mainBytes: Math.max(heldBytes() - before, lists.items.byteLength),
    gpuBytes: gpu.peakBytes,
  };
}

/** Bytes that JavaScript holds: objects and arrays. */
function heldBytes(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

/**
 * Ranks all items for some users with LightGCN's first state on a generated graph, users as skewed as Baby's and
 * items by Zipf with exponent 0.42.
 *
 * @throws {GpuError} when the GPU fails.
 */
export async function measureRanking(
  { users, items, interactions }: LargeGraph,
  asking: number,
  onProgress: (what: string) => void,
): Promise<MeasuredRanking> {
  onProgress(`making a graph of ${interactions} interactions`);
  const data = generateLarge({ users, items, interactions });
  using gpu = await openDevice();
  using model = await lightgcn.create(gpu, data, { dim: DIM, seed: SEED });
  const asked = Array.from({ length: asking }, (_, i) => Math.floor(i * users / asking));
  const rankFor = (users: number[]) => recommend(model, data, { users, k: LIST_LENGTH });
  const one = asked.slice(0, 1);
  onProgress(`ranking ${items} items for one user`);
  await rankFor(one); // compiles shaders
  const secondsForOne = await secondsOf(() => rankFor(one));
  onProgress(`ranking ${items} items for ${asking} users`);
  const { submits, waits } = gpu;
  const seconds = await secondsOf(() => rankFor(asked));
  return {
    adapter: gpu.adapterName,
    users,
    items,
    interactions,
    asking,
    seconds,
    secondsForOne,
    mainBytes: Deno.memoryUsage().rss,
    gpuBytes: gpu.peakBytes,
    submits: gpu.submits - submits,
    waits: gpu.waits - waits,
  };
}
