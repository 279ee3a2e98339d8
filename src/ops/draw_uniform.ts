/**
 * Random numbers on the GPU, drawn anew for every batch.
 *
 * They are a hash of the seed, the number of the batch since training was set up, and the element: the
 * same seed gives the same bits, and nothing is uploaded.
 *
 * @module
 */
import { getKernel } from "../gpu/kernel.ts";
import { elementCount, type Tensor } from "../gpu/tensor.ts";
import drawUniformCode from "../../kernels/draw_uniform.wgsl" with { type: "text" };
import type { TripleTensors } from "./bpr_loss.ts";
import type { Tape } from "./tape.ts";

/**
 * Records the drawing of numbers from [0, 1), taken from the tape. They are the caller's to release, or
 * stay until the program's end.
 *
 * @param seed A whole number from 0; numbers of one batch need seeds of their own.
 */
export function drawUniform(
  tape: Tape,
  shape: readonly number[],
  seed: number,
  { clock }: Pick<TripleTensors, "clock">,
): Tensor {
  const elements = elementCount(shape);
  const draw = tape.take("random numbers", shape);
  tape.program.dispatch(
    getKernel(tape.gpu, { name: "draw_uniform", code: drawUniformCode }),
    { clock, draw },
    { elements, seed_low: seed % 2 ** 32, seed_high: Math.floor(seed / 2 ** 32) },
    { invocations: elements },
  );
  return draw;
}
