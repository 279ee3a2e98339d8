/**
 * The nearest items by cosine of raw features (paper, Eq. 3).
 *
 * @module
 */
import type { Modality } from "../data/dataset.ts";
import type { FeatureMatrix } from "../data/features.ts";
import type { GpuDevice } from "../gpu/device.ts";
import { PacedQueue } from "../gpu/paced_queue.ts";
import { Scratch } from "../gpu/scratch.ts";
import { createTensor, readIntegers, write } from "../gpu/tensor.ts";
import { InputError } from "../input_error.ts";
import { padRows } from "./singular_vectors.ts";
import { Tape } from "../tape/tape.ts";
import { createLists, recordTopK, requireListLength } from "../ops/ranking/top_k.ts";
import { type Block, uploadSeen } from "../ops/ranking/tiles.ts";
import { diagonal } from "../sparse/csr.ts";
import type { Neighbours } from "../sparse/graphs.ts";
import { computeOnce, type PreparationOptions } from "./preparation.ts";
import { scaleToUnitRows } from "./unit_rows.ts";

/** Queries per program run; progress is reported after each run. */
const QUERIES_PER_RUN = 1024;

/** Bytes of features on the GPU at once, as queries and as candidates. */
const QUERY_BYTES = 128 * 2 ** 20, CANDIDATE_BYTES = 64 * 2 ** 20;

/**
 * Each item's `k` nearest others by cosine, best first, ties by id. Items without features (all zero)
 * have cosine 0 with all.
 *
 * @throws {InputError} when there are not more than `k` items, or `k` is not from 1 to 128.
 */
export async function nearestItems(
  gpu: GpuDevice,
  features: FeatureMatrix,
  k: number,
  { cacheFolder, onProgress }: PreparationOptions = {},
): Promise<Neighbours> {
  requireListLength(`k of ${features.source}`, k);
  if (k >= features.rows) {
    throw new InputError(
      `${features.source}: ${k} neighbours are asked of ${features.rows} items.`,
    );
  }
  if (gpu.dry) return { ids: anyNeighbours(features.rows, k), k };
  const settings = { kind: "neighbours-2", k };
  const { ids } = await computeOnce(gpu, features, cacheFolder, settings, async () => ({
    ids: { shape: [features.rows, k], data: await search(gpu, features, k, onProgress) },
  }));
  return { ids: ids!.data as Uint32Array<ArrayBuffer>, k };
}

/**
 * Each item's `k` nearest others in a modality: as its lists have them or, without lists, by features.
 *
 * @throws {InputError} when the lists are shorter, or as {@linkcode nearestItems} tells.
 */
export async function nearestInModality(
  gpu: GpuDevice,
  { neighbours, features }: Pick<Modality, "neighbours" | "features">,
  k: number,
  options: PreparationOptions = {},
): Promise<Neighbours> {
  if (k === 0) return { ids: new Uint32Array(), k };
  if (neighbours) return { ids: neighbours.nearest(k), k };
  return await nearestItems(gpu, features!, k, options);
}

/** Arbitrary neighbours, for runs that only count memory. */
function anyNeighbours(rows: number, k: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(
    { length: rows * k },
    (_, place) => (Math.floor(place / k) + 1 + place % k) % rows,
  );
}

async function search(
  gpu: GpuDevice,
  features: FeatureMatrix,
  k: number,
  onProgress: PreparationOptions["onProgress"],
): Promise<Uint32Array<ArrayBuffer>> {
  const { rows, width } = features;
  const paddedWidth = Math.ceil(width / 4) * 4;
  const perBlock = (bytes: number): number =>
    Math.max(1, Math.min(rows, Math.floor(bytes / (paddedWidth * 4))));
  const queryRows = perBlock(QUERY_BYTES), candidateRows = perBlock(CANDIDATE_BYTES);
  using queries = createTensor(gpu, "query features", [queryRows, paddedWidth]);
  using candidates = createTensor(gpu, "candidate features", [candidateRows, paddedWidth]);
  using scratch = new Scratch(gpu);
  using lists = createLists(gpu, rows, k);
  using itself = uploadSeen(gpu, diagonal(rows));
  const load = async (block: Required<Block>): Promise<void> => {
    const data = await features.read(block.firstId, block.firstId + block.count);
    scaleToUnitRows(data, width);
    write(gpu, block.vectors, width === paddedWidth ? data : padRows(data, width, paddedWidth));
  };
  const queue = new PacedQueue(gpu, "nearest items");
  let done = 0;
  for (let q = 0; q < rows; q += queryRows) {
    const query = {
      vectors: queries,
      firstRow: 0,
      firstId: q,
      count: Math.min(queryRows, rows - q),
    };
    await load(query);
    for (let c = 0; c < rows; c += candidateRows) {
      const count = Math.min(candidateRows, rows - c);
      const candidate = { vectors: candidates, firstRow: 0, firstId: c, count };
      await load(candidate);
      for (let row = 0; row < query.count; row += QUERIES_PER_RUN) {
        const part = {
          vectors: queries,
          firstRow: row,
          firstId: q + row,
          count: Math.min(QUERIES_PER_RUN, query.count - row),
        };
        const tape = new Tape(gpu, "nearest items", scratch);
        using topK = recordTopK(tape, { queries: part, candidates: candidate }, itself, lists);
        await queue.add(topK.replays());
        queue.flush(); // before the records go
        done += part.count * count;
        onProgress?.(`nearest items by ${features.source}`, done / rows ** 2);
      }
    }
  }
  const [ids] = await readIntegers(gpu, lists.ids);
  return ids!;
}
