/**
 * An item graph that is learned: for each modality the k items whose current vectors have the largest
 * cosines, the item itself among them, beside as many fixed neighbours.
 *
 * All rows have 2 · modalities · k entries, the learned lists of each modality first and then the fixed
 * ones: a sparse matrix whose offsets never change. An item that several lists name has several
 * entries, which add up in every product.
 *
 * Products with the transpose, which gradients need, take its offsets: these change with the lists, and
 * are made on the CPU.
 *
 * @module
 */
import type { GpuDevice } from "../../gpu/device.ts";
import { getKernel } from "../../gpu/kernel.ts";
import { createTensors, elementCount, readIntegers, type Tensor, write } from "../../gpu/tensor.ts";
import gatherElementsCode from "../../../kernels/gather_elements.wgsl" with { type: "text" };
import placeNeighboursCode from "../../../kernels/place_neighbours.wgsl" with { type: "text" };
import { patternOf } from "../../sparse/csr.ts";
import { transposeNeighbours } from "../../sparse/neighbour_transpose.ts";
import { requireRowLengths, type SparseTensor } from "../graphs/sparse_tensor.ts";
import type { Tape } from "../../tape/tape.ts";
import { createLists, recordTopK, type TopKLists } from "../ranking/top_k.ts";
import { type SeenTensors, uploadSeen } from "../ranking/tiles.ts";

/** Neighbours with the entries of a matrix. */
export interface WeightedNeighbours {
  /** Ids of each item's neighbours, items × k, row-major. */
  readonly ids: Uint32Array<ArrayBuffer>;
  /** Their entries, likewise. */
  readonly values: Float32Array<ArrayBuffer>;
}

/** The graph as it was last built. */
export interface NeighbourGraph extends Disposable {
  /** Rows and columns of the matrix. */
  readonly itemCount: number;
  /** How many lists each item has that are learned, and as many that are fixed. */
  readonly modalities: number;
  /** Neighbours in a list. */
  readonly k: number;
  /** Entries per row, 2 · modalities · k. */
  readonly degree: number;
  /** Learned cosines and fixed values before they are mixed, items × degree. */
  readonly similarity: Tensor;
  /** The matrix whose entries neighbourWeights makes of {@linkcode similarity}. */
  readonly matrix: SparseTensor;
  /** Its transpose. */
  readonly transposed: SparseTensor;
  /** The place in {@linkcode matrix} of each entry of the transpose. */
  readonly transposedEntry: Tensor;
  /** A modality's lists while they are found. */
  readonly lists: TopKLists;
  /** What lists must not name: nothing, as items are among their own neighbours. */
  readonly hidden: SeenTensors;
}

/**
 * Allocates a graph; its learned entries are zero.
 *
 * @param k Neighbours in a list.
 * @param fixed The fixed lists of each modality, items × k.
 */
export function createNeighbourGraph(
  gpu: GpuDevice,
  itemCount: number,
  k: number,
  fixed: readonly WeightedNeighbours[],
): NeighbourGraph {
  const modalities = fixed.length;
  const degree = 2 * modalities * k;
  const entries = itemCount * degree;
  const column = new Uint32Array(entries), similarity = new Float32Array(entries);
  fixed.forEach(({ ids, values }, modality) => {
    for (let place = 0; place < ids.length; place++) {
      const first = Math.floor(place / k) * degree + (modalities + modality) * k;
      column[first + place % k] = ids[place]!;
      similarity[first + place % k] = values[place]!;
    }
  });
  const rowStart = Uint32Array.from({ length: itemCount + 1 }, (_, row) => row * degree);
  using guard = new DisposableStack();
  const tensors = guard.use(createTensors(gpu, {
    similarity: ["similarities", [itemCount, degree], similarity],
    rowStart: ["item graph row_start", [itemCount + 1], rowStart],
    column: ["item graph column", [itemCount, degree], column],
    value: ["item graph value", [itemCount, degree]],
    backStart: ["item graph transposed row_start", [itemCount + 1]],
    backColumn: ["item graph transposed column", [entries]],
    backValue: ["item graph transposed value", [entries]],
    transposedEntry: ["item graph transposed entry", [entries]],
  }));
  const lists = guard.use(createLists(gpu, itemCount, k));
  const hidden = guard.use(uploadSeen(gpu, patternOf(itemCount, itemCount, [])));
  const owned = guard.move();
  const dispose = () => owned.dispose();
  const sparse = (rowStart: Tensor, column: Tensor, value: Tensor): SparseTensor => ({
    rowCount: itemCount,
    rowStart,
    column,
    value,
    [Symbol.dispose]: dispose,
  });
  return {
    itemCount,
    modalities,
    k,
    degree,
    similarity: tensors.similarity,
    matrix: sparse(tensors.rowStart, tensors.column, tensors.value),
    transposed: sparse(tensors.backStart, tensors.backColumn, tensors.backValue),
    transposedEntry: tensors.transposedEntry,
    lists,
    hidden,
    [Symbol.dispose]: dispose,
  };
}

/**
 * Records that a modality's learned lists become the k largest inner products of the rows of x. Products
 * with the transpose go on with the old lists until {@linkcode transposeGraph} is done.
 *
 * @param modality Its number, from 0.
 * @param x items × dim, dim a multiple of 4; rows of length 1, for cosines.
 */
export function findNeighbours(
  tape: Tape,
  { itemCount, k, degree, matrix, lists, hidden }: NeighbourGraph,
  modality: number,
  x: Tensor,
): void {
  const { gpu, program } = tape;
  const all = { vectors: x, firstRow: 0, firstId: 0, count: itemCount };
  const topK = program.own(recordTopK(tape, { queries: all, candidates: all }, hidden, lists));
  for (const { program: tile, step } of topK.replays()) program.append(tile, step);
  program.dispatch(
    getKernel(gpu, { name: "place_neighbours", code: placeNeighboursCode }),
    { id: lists.ids, column: matrix.column },
    { rows: itemCount, k, degree, first: modality * k },
    { invocations: itemCount * k },
  );
}

/**
 * Reads the lists and uploads where the transpose has its entries, once the GPU has found them all.
 *
 * @throws {GpuError} when the GPU fails, or an item is in too many lists; see
 * {@linkcode requireRowLengths}.
 */
export async function transposeGraph(gpu: GpuDevice, graph: NeighbourGraph): Promise<void> {
  const { itemCount, matrix, transposed, transposedEntry } = graph;
  const [lists] = await readIntegers(gpu, matrix.column);
  const { rowStart, column, entry } = transposeNeighbours(lists!, itemCount);
  requireRowLengths(gpu, "item graph transposed", rowStart);
  write(gpu, transposed.rowStart, rowStart);
  write(gpu, transposed.column, column);
  write(gpu, transposedEntry, entry);
}

/** Records that the transpose takes over the entries of the matrix. */
export function transposeValues(
  { gpu, program }: Tape,
  { matrix, transposed, transposedEntry }: NeighbourGraph,
): void {
  const elements = elementCount(transposed.value.shape);
  program.dispatch(
    getKernel(gpu, { name: "gather_elements", code: gatherElementsCode }),
    { place: transposedEntry, source: matrix.value, output: transposed.value },
    { elements },
    { invocations: elements },
  );
}
