/**
 * Passes that gather from buffers: on every GPU, and all software adapters but llvmpipe.
 *
 * @module
 */
import type { GpuDevice } from "../../gpu/device.ts";
import { createTensor, type Tensor, write } from "../../gpu/tensor.ts";
import layerMixCode from "../../../kernels/gather/layer_mix.wgsl" with { type: "text" };
import type { SparseMatrix, SparsePattern } from "../../sparse/csr.ts";
import { everyRow, graphEntries, recordGather } from "./gather.ts";
import { recordGraphNearBatch } from "./graph_near_batch.ts";
import type { GraphPasses } from "./passes.ts";
import { uploadSparse } from "./sparse_tensor.ts";

/**
 * Uploads a graph for passes from buffers.
 *
 * @throws {GpuError} as {@linkcode uploadSparse} does.
 */
export function createBufferPasses(
  gpu: GpuDevice,
  label: string,
  matrix: SparseMatrix,
): GraphPasses {
  using guard = new DisposableStack();
  const graph = guard.use(uploadSparse(gpu, label, matrix));
  const rowsByLength = guard.use(uploadRowsByLength(gpu, matrix));
  const owned = guard.move();
  const all = { rows: everyRow(graph.rowCount), entries: graphEntries(graph) };
  return {
    replace: ({ rowStart, column, value }) => {
      write(gpu, graph.rowStart, rowStart);
      write(gpu, graph.column, column);
      write(gpu, graph.value, value);
    },
    nearBatch: (tape, batch) => recordGraphNearBatch(tape, graph, rowsByLength, batch),
    start: (tape, base) => {
      let input = base;
      const release = (): void => {
        if (input !== base) tape.release(input);
      };
      return {
        record: (weights, ending, over) => {
          const result = {
            source: { name: "gather/layer_mix", code: layerMixCode },
            tensors: { base, weights },
          };
          recordGather(tape.program, { ...all, ...over, input, result, ending });
        },
        follow: (next) => {
          release();
          input = next;
        },
        end: release,
      };
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** All rows, the longest of the graph as it was uploaded first; the order decides about speed alone. */
function uploadRowsByLength(gpu: GpuDevice, { rowCount, rowStart }: SparsePattern): Tensor {
  const lengthOf = (row: number): number => rowStart[row + 1]! - rowStart[row]!;
  const rows = Uint32Array.from({ length: rowCount }, (_, row) => row);
  rows.sort((a, b) => lengthOf(b) - lengthOf(a) || a - b);
  return createTensor(gpu, "rows by length", [rowCount], rows);
}
