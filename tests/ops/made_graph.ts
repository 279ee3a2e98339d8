/** Small neighbour graphs with random lists, for tests of operations. */
import type { GpuDevice } from "../../src/gpu/device.ts";
import { write } from "../../src/gpu/tensor.ts";
import {
  createNeighbourGraph,
  type NeighbourGraph,
  transposeGraph,
} from "../../src/ops/learned_graph/neighbour_graph.ts";
import { type RandomSource, uniformBelow, uniformReal } from "../../src/random.ts";

/** A graph on the CPU. */
export interface MadeGraph {
  readonly itemCount: number;
  readonly modalities: number;
  readonly k: number;
  /** items × (2 · modalities · k): the learned lists of each modality, then the fixed ones. */
  readonly column: Uint32Array<ArrayBuffer>;
  /** Likewise, all above 0. */
  readonly similarity: Float32Array<ArrayBuffer>;
}

/** Learned lists begin with the item itself; others come up as it happens, also twice. */
export function madeGraph(
  random: RandomSource,
  sizes: { itemCount: number; modalities: number; k: number },
): MadeGraph {
  const { itemCount, modalities, k } = sizes;
  const degree = 2 * modalities * k;
  const column = Uint32Array.from(
    { length: itemCount * degree },
    (_, place) =>
      place % k === 0 && place % degree < modalities * k
        ? Math.floor(place / degree)
        : uniformBelow(random, itemCount),
  );
  const similarity = Float32Array.from(column, () => 0.1 + uniformReal(random));
  return { ...sizes, column, similarity };
}

/** The graph on the GPU, with its transpose. */
export async function uploadGraph(
  gpu: GpuDevice,
  { itemCount, modalities, k, column, similarity }: MadeGraph,
): Promise<NeighbourGraph> {
  const none = { ids: new Uint32Array(itemCount * k), values: new Float32Array(itemCount * k) };
  const graph = createNeighbourGraph(
    gpu,
    itemCount,
    k,
    Array.from({ length: modalities }, () => none),
  );
  write(gpu, graph.matrix.column, column);
  write(gpu, graph.similarity, similarity);
  await transposeGraph(gpu, graph);
  return graph;
}

/** Visits entries in order: their place, row, modality, and whether they are learned. */
export function forEntries(
  { itemCount, modalities, k }: MadeGraph,
  visit: (entry: number, row: number, modality: number, learned: boolean) => void,
): void {
  for (let row = 0; row < itemCount; row++) {
    for (let place = 0; place < 2 * modalities * k; place++) {
      const block = Math.floor(place / k);
      const entry = row * 2 * modalities * k + place;
      visit(entry, row, block % modalities, block < modalities);
    }
  }
}

/** ⟨a_i, b_j⟩ of two rows. */
export function inner(
  a: ArrayLike<number>,
  i: number,
  b: ArrayLike<number>,
  j: number,
  width: number,
): number {
  let sum = 0;
  for (let c = 0; c < width; c++) sum += a[i * width + c]! * b[j * width + c]!;
  return sum;
}
