/**
 * MMSSL's graph of a modality: it links users to the items whose features are most similar to what they
 * bought. It is made on the CPU and overwritten in place during training, so that recorded programs read the
 * new one.
 *
 * @module
 */
import type { GpuDevice } from "../../gpu/device.ts";
import { createTensors, type Tensor, write } from "../../gpu/tensor.ts";
import type { SparseTensor } from "../../ops/graphs/sparse_tensor.ts";
import type { SparseMatrix } from "../../sparse/csr.ts";
import { stackedOneSidedGraph } from "../../sparse/one_sided_graph.ts";

/** The most users that a collected graph may be made from at once. */
export const LARGEST_BATCH = 4096;

/** A graph on the GPU. */
export interface ModalGraph extends Disposable {
  /** Users' and items' neighbours, (users + items)². */
  readonly matrix: SparseTensor;
  /** Its transpose. */
  readonly transposed: SparseTensor;
  /** Its arrays by name, for checkpoints; integers are stored bit by bit in floats. */
  readonly buffers: Readonly<Record<string, Tensor>>;
}

/**
 * Uploads a graph.
 *
 * @param counts How often each user goes with each item, users × items.
 * @param capacity The most pairs it may ever hold.
 */
export function createModalGraph(
  gpu: GpuDevice,
  name: string,
  counts: SparseMatrix,
  capacity: number,
): ModalGraph {
  const rowCount = counts.rowCount + counts.columnCount;
  const tensors = createTensors(gpu, {
    rowStart: [`${name} graph row_start`, [rowCount + 1]],
    column: [`${name} graph column`, [2 * capacity]],
    value: [`${name} graph value`, [2 * capacity]],
    transposedValue: [`${name} graph value, transposed`, [2 * capacity]],
  });
  const { [Symbol.dispose]: dispose, ...buffers } = tensors;
  const { rowStart, column, value, transposedValue } = buffers;
  const pattern = { rowCount, rowStart, column, [Symbol.dispose]: dispose };
  const graph = {
    matrix: { ...pattern, value },
    transposed: { ...pattern, value: transposedValue },
    buffers,
    [Symbol.dispose]: dispose,
  };
  using guard = new DisposableStack();
  guard.use(graph);
  replaceGraph(gpu, graph, counts);
  guard.move();
  return graph;
}

/** Replaces a graph, after all work submitted so far. */
export function replaceGraph(gpu: GpuDevice, graph: ModalGraph, counts: SparseMatrix): void {
  const { matrix, transposed } = stackedOneSidedGraph(counts);
  write(gpu, graph.matrix.rowStart, matrix.rowStart);
  write(gpu, graph.matrix.column, matrix.column);
  write(gpu, graph.matrix.value, matrix.value);
  write(gpu, graph.transposed.value, transposed.value);
}

/**
 * Pairs users with the items of the highest scores, as the authors' code does: the items of all rows in a
 * list, row after row, the best first, and beside it the users, over and over. With k above 1 an item so
 * goes with another user than the one it was best for.
 *
 * @param users One per row.
 * @param scores Rows × items.
 * @param k Items per row.
 * @returns How often each user goes with each item, users × items.
 */
export function pairBest(
  users: ArrayLike<number>,
  scores: Float32Array,
  k: number,
  { userCount, itemCount }: { readonly userCount: number; readonly itemCount: number },
): SparseMatrix {
  const rows = Array.from({ length: userCount }, () => new Map<number, number>());
  for (let row = 0; row < users.length; row++) {
    const best = bestItems(scores.subarray(row * itemCount, (row + 1) * itemCount), k);
    best.forEach((item, place) => {
      const counts = rows[users[(row * k + place) % users.length]!]!;
      counts.set(item, (counts.get(item) ?? 0) + 1);
    });
  }
  return countMatrix(rows, itemCount);
}

/** A graph without entries. */
export function noPairs(userCount: number, itemCount: number): SparseMatrix {
  return countMatrix(Array.from({ length: userCount }, () => new Map()), itemCount);
}

/** The k items of the highest scores, the best first; of equals the one with the lower id. */
function bestItems(scores: Float32Array, k: number): Uint32Array {
  const best = new Uint32Array(Math.min(k, scores.length));
  let count = 0;
  for (let item = 0; item < scores.length; item++) {
    const score = scores[item]!;
    const full = count === best.length;
    if (full && !(score > scores[best[count - 1]!]!)) continue;
    // It goes behind its equals, whose ids are lower.
    let place = full ? count - 1 : count++;
    for (; place > 0 && scores[best[place - 1]!]! < score; place--) best[place] = best[place - 1]!;
    best[place] = item;
  }
  return best;
}

function countMatrix(
  rows: readonly ReadonlyMap<number, number>[],
  columnCount: number,
): SparseMatrix {
  const rowStart = new Uint32Array(rows.length + 1);
  const column: number[] = [], value: number[] = [];
  rows.forEach((counts, row) => {
    for (const [item, count] of [...counts].sort(([a], [b]) => a - b)) {
      column.push(item);
      value.push(count);
    }
    rowStart[row + 1] = column.length;
  });
  return {
    rowCount: rows.length,
    columnCount,
    rowStart,
    column: Uint32Array.from(column),
    value: Float32Array.from(value),
  };
}
