/**
 * Endings: a kernel that computes one vec4 after the other can hand each to a function in the same shader,
 * which stores it, adds it, or uses it for a step of AdamW. So a gradient that only the optimizer reads is
 * never stored.
 *
 * @module
 */
import { dispatchParts, type KernelPart } from "../gpu/part.ts";
import type { Program } from "../gpu/program.ts";
import { stretches } from "../gpu/stretches.ts";
import { elementCount, type Tensor } from "../gpu/tensor.ts";
import add from "../../kernels/endings/add.wgsl" with { type: "text" };
import store from "../../kernels/endings/store.wgsl" with { type: "text" };
import eachVector from "../../kernels/each_vector.wgsl" with { type: "text" };

/** One of kernels/endings, which declares `finish`, with all that it needs. */
export type Ending = KernelPart;

/** An ending that stores the result in a tensor of the same shape. */
export function storedIn(output: Tensor): Ending {
  return { source: { name: "endings/store", code: store }, tensors: { output } };
}

/** An ending that adds the result to a tensor of the same shape. */
export function addedTo(total: Tensor): Ending {
  return { source: { name: "endings/add", code: add }, tensors: { total } };
}

/** Floating-point operations of an ending per vec4, at most: of a step of AdamW. */
export const ENDING_OPERATIONS = 64;

/**
 * Applies an ending to a result that has already been stored.
 *
 * @param limit Floating-point operations of a dispatch at most.
 */
export function recordEnding(
  program: Program,
  result: Tensor,
  ending: Ending,
  limit?: number,
): void {
  // Arrays end on whole vec4; what is beyond the shape stays zero.
  const units = Math.ceil(elementCount(result.shape) / 4);
  const source = { name: "each_vector", code: eachVector };
  for (const { first, count } of stretches({ units, largestUnit: ENDING_OPERATIONS }, limit)) {
    const kernel = { source, tensors: { result }, params: { first, end: first + count } };
    dispatchParts(program, kernel, [ending], { invocations: count });
  }
}
