/**
 * Random numbers and masks on the GPU, drawn anew for every batch.
 *
 * They are a hash of the seed, the number of the batch since training was set up, and the element: the
 * same seed gives the same bits, and nothing is uploaded.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import { elementCount, type Tensor } from "../../gpu/tensor.ts";
import drawUniformCode from "../../../kernels/draw_uniform.wgsl" with { type: "text" };
import type { Batch } from "../../tape/batch.ts";
import type { Tape } from "../../tape/tape.ts";

/**
 * Records the drawing of numbers from [0, 1), taken from the tape: the caller releases them, or they stay
 * until the program's end.
 *
 * @param shape Any.
 * @param seed A whole number from 0; what is drawn for one batch needs seeds of its own.
 * @param batch Of the step; each has numbers of its own.
 */
export function drawUniform(
  tape: Tape,
  shape: readonly number[],
  seed: number,
  batch: Pick<Batch, "clock">,
): Tensor {
  const draw = tape.take("random numbers", shape);
  recordDraw(tape, draw, seed, batch, { as_mask: 0, rate: 0 });
  return draw;
}

/**
 * Records the drawing of a mask of zeros and ones, taken from the tape: the caller releases it, or it stays
 * until the program's end.
 *
 * @param shape Any.
 * @param rate How likely a zero is, from 0 to below 1.
 * @param seed A whole number from 0; what is drawn for one batch needs seeds of its own.
 * @param batch Of the step; each has a mask of its own.
 */
export function drawMask(
  tape: Tape,
  shape: readonly number[],
  rate: number,
  seed: number,
  batch: Pick<Batch, "clock">,
): Tensor {
  const mask = tape.take("dropout mask", shape);
  recordDraw(tape, mask, seed, batch, { as_mask: 1, rate });
  return mask;
}

function recordDraw(
  { gpu, program }: Tape,
  draw: Tensor,
  seed: number,
  { clock }: Pick<Batch, "clock">,
  kind: Readonly<Record<"as_mask" | "rate", number>>,
): void {
  const elements = elementCount(draw.shape);
  program.dispatch(
    getKernel(gpu, { name: "draw_uniform", code: drawUniformCode }),
    { clock, draw },
    { elements, ...kind, seed_low: seed % 2 ** 32, seed_high: Math.floor(seed / 2 ** 32) },
    { invocations: elements },
  );
}
