/**
 * What becomes of a result: kernels that compute one vec4 after the other leave each to an ending, a part
 * of the same shader. A gradient that only the optimizer reads is so never stored.
 *
 * @module
 */
import { dispatchParts, type KernelPart } from "../gpu/part.ts";
import type { Program } from "../gpu/program.ts";
import { elementCount, type Tensor } from "../gpu/tensor.ts";
import add from "../../kernels/endings/add.wgsl" with { type: "text" };
import store from "../../kernels/endings/store.wgsl" with { type: "text" };
import eachVector from "../../kernels/each_vector.wgsl" with { type: "text" };

/** One of kernels/endings, which declares `finish`, with all that it needs. */
export type Ending = KernelPart;

/** The result is kept in a tensor of its shape. */
export function storedIn(output: Tensor): Ending {
  return { source: { name: "endings/store", code: store }, tensors: { output } };
}

/** The result is added to a tensor of its shape. */
export function addedTo(total: Tensor): Ending {
  return { source: { name: "endings/add", code: add }, tensors: { total } };
}

/** Records an ending for a result that is there already. */
export function recordEnding(program: Program, result: Tensor, ending: Ending): void {
  // Arrays end on whole vec4; what is beyond the shape stays zero.
  const vectors = Math.ceil(elementCount(result.shape) / 4);
  const source = { name: "each_vector", code: eachVector };
  const kernel = { source, tensors: { result }, params: { vectors } };
  dispatchParts(program, kernel, [ending], { invocations: vectors });
}
