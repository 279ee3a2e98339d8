/**
 * Passes that gather from buffers: on every GPU, and all software adapters but llvmpipe.
 *
 * @module
 */
import type { GpuDevice } from "../../gpu/device.ts";
import { createTensors, write } from "../../gpu/tensor.ts";
import layerMixCode from "../../../kernels/gather/layer_mix.wgsl" with { type: "text" };
import type { SparseMatrix } from "../../sparse/csr.ts";
import { everyRow, packedEntries, packEntries, recordGather } from "./gather.ts";
import type { GraphPasses } from "./passes.ts";
import { requireRowLengths } from "./sparse_tensor.ts";

/**
 * Uploads a graph for passes from buffers.
 *
 * @throws {GpuError} as {@linkcode requireRowLengths} does, or when an array is too large.
 */
export function createBufferPasses(
  gpu: GpuDevice,
  label: string,
  matrix: SparseMatrix,
): GraphPasses {
  using guard = new DisposableStack();
  const { rowCount, rowStart: offsets } = matrix;
  requireRowLengths(gpu, label, offsets);
  const { rowStart, entries } = guard.use(createTensors(gpu, {
    rowStart: [`${label} row_start`, [offsets.length], offsets],
    entries: [`${label} entries`, [matrix.column.length, 2], packEntries(matrix)],
  }));
  const graph = { rowCount, rowStart, entries };
  const owned = guard.move();
  const all = { rows: everyRow(rowCount), entries: packedEntries(graph) };
  return {
    replace: (other) => {
      write(gpu, rowStart, other.rowStart);
      write(gpu, entries, packEntries(other));
    },
    start: (tape, base) => {
      let input = base;
      const release = (): void => {
        if (input !== base) tape.release(input);
      };
      return {
        record: (weights, ending, rows = all.rows) => {
          const result = {
            source: { name: "gather/layer_mix", code: layerMixCode },
            tensors: { base, weights },
          };
          recordGather(tape.program, { ...all, rows, input, result, ending });
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
