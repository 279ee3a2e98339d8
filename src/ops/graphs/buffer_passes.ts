/**
 * Passes that gather from buffers: on every GPU, and all software adapters but llvmpipe.
 *
 * @module
 */
import type { GpuDevice } from "../../gpu/device.ts";
import layerMixCode from "../../../kernels/gather/layer_mix.wgsl" with { type: "text" };
import type { SparseMatrix } from "../../sparse/csr.ts";
import { recordGraphGather } from "./graph_gather.ts";
import { replaceMatrix, uploadSparse } from "./packed_matrix.ts";
import type { GraphPasses } from "./passes.ts";

/**
 * Uploads a graph for passes from buffers.
 *
 * @param longest Entries in a row at most, where {@linkcode GraphPasses.replace} is to put other graphs in its
 * place.
 * @throws {GpuError} as {@linkcode uploadSparse} does.
 */
export function createBufferPasses(
  gpu: GpuDevice,
  label: string,
  matrix: SparseMatrix,
  longest?: number,
): GraphPasses {
  const graph = uploadSparse(gpu, label, matrix, longest);
  return {
    replace: (other) => replaceMatrix(gpu, graph, other),
    start: (tape, base) => {
      let input = base;
      const release = (): void => {
        if (input !== base) tape.release(input);
      };
      return {
        record: (weights, ending, rows) => {
          const result = {
            source: { name: "gather/layer_mix", code: layerMixCode },
            tensors: { base, weights },
          };
          recordGraphGather(tape, graph, { input, result, ending }, rows);
        },
        follow: (next) => {
          release();
          input = next;
        },
        end: release,
      };
    },
    [Symbol.dispose]: () => graph[Symbol.dispose](),
  };
}
