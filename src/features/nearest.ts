/**
 * The nearest items by cosine of raw features (paper, Eq. 3).
 *
 * @module
 */
import { cached } from "../data/cache.ts";
import type { FeatureMatrix } from "../data/features.ts";
import type { Gpu } from "../gpu/device.ts";
import { Program } from "../gpu/program.ts";
import { createTensor, readIntegers, write } from "../gpu/tensor.ts";
import { InputError } from "../input_error.ts";
import { padRows } from "../ops/singular_vectors.ts";
import { type Block, createLists, recordTopK, tileElements, uploadSeen } from "../ops/top_k.ts";
import type { Neighbours } from "../sparse/graphs.ts";

/** Bytes of features on the GPU at once, as queries and as candidates. */
const queryBytes = 128 * 2 ** 20, candidateBytes = 64 * 2 ** 20;

/**
 * Each item's `k` nearest others by cosine, best first, ties by id. Items without features (all zero)
 * have cosine 0 with all.
 *
 * @param cacheFolder Where results are kept by the features' content; none when undefined.
 * @throws {InputError} when there are not more than `k` items.
 */
export async function nearestItems(
  gpu: Gpu,
  features: FeatureMatrix,
  k: number,
  cacheFolder?: string,
): Promise<Neighbours> {
  if (k >= features.rows) {
    throw new InputError(
      `${features.source}: ${k} neighbours are asked of ${features.rows} items.`,
    );
  }
  const key = { kind: "neighbours-1", features: await features.contentHash(), k };
  const { ids } = await cached(cacheFolder, key, async () => ({
    ids: { shape: [features.rows, k], data: await search(gpu, features, k) },
  }));
  return { ids: ids!.data as Uint32Array<ArrayBuffer>, k };
}

async function search(
  gpu: Gpu,
  features: FeatureMatrix,
  k: number,
): Promise<Uint32Array<ArrayBuffer>> {
  const { rows, width } = features;
  const paddedWidth = Math.ceil(width / 4) * 4;
  const perBlock = (bytes: number): number =>
    Math.max(1, Math.min(rows, Math.floor(bytes / (paddedWidth * 4))));
  const queryRows = perBlock(queryBytes), candidateRows = perBlock(candidateBytes);
  using queries = createTensor(gpu, "query features", [queryRows, paddedWidth]);
  using candidates = createTensor(gpu, "candidate features", [candidateRows, paddedWidth]);
  using tile = createTensor(gpu, "cosines", [tileElements(queryRows, candidateRows)]);
  using lists = createLists(gpu, rows, k);
  using itself = uploadSeen(gpu, diagonal(rows));
  const load = async (block: Block): Promise<void> => {
    const data = await features.read(block.firstId, block.firstId + block.count);
    normaliseRows(data, width);
    write(gpu, block.vectors, width === paddedWidth ? data : padRows(data, width, paddedWidth));
  };
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
      using program = new Program(gpu, "nearest items");
      recordTopK(program, query, candidate, itself, lists, tile);
      program.run();
      await gpu.finish();
    }
  }
  const [ids] = await readIntegers(gpu, lists.ids);
  return ids!;
}

/** Who must not be a neighbour: the item itself. */
function diagonal(count: number) {
  return {
    rowCount: count,
    columnCount: count,
    rowStart: Uint32Array.from({ length: count + 1 }, (_, row) => row),
    column: Uint32Array.from({ length: count }, (_, row) => row),
  };
}

/** Scales rows to length 1, in f64; rows of zeros stay. */
function normaliseRows(data: Float32Array, width: number): void {
  for (let start = 0; start < data.length; start += width) {
    let squares = 0;
    for (let i = start; i < start + width; i++) squares += data[i]! ** 2;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = start; i < start + width; i++) data[i]! *= scale;
  }
}
