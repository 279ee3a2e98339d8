/**
 * What models draw at random in every batch: dropout masks and noise.
 *
 * @module
 */
import type { Tensor } from "../gpu/tensor.ts";
import type { Batch } from "../tape/batch.ts";
import { drawMask, drawUniform } from "../ops/rows/draw_uniform.ts";
import { dropout } from "../ops/rows/dropout.ts";
import type { Tape, Variable } from "../tape/tape.ts";
import { initialStream } from "./initial_values.ts";

/** Where random numbers come from; each `use` has its own. */
export interface Draws {
  /** Records a mask of zeros and ones for dropout. */
  mask(
    tape: Tape,
    use: string,
    shape: readonly number[],
    rate: number,
    batch: Batch,
  ): Tensor;
  /** Records numbers from [0, 1). */
  uniform(tape: Tape, use: string, shape: readonly number[], batch: Batch): Tensor;
}

/** Draws on the GPU by a seed. */
export function seededDraws(seed: number): Draws {
  const seedOf = (use: string): number => initialStream(seed, use)();
  return {
    mask: (tape, use, shape, rate, batch) => drawMask(tape, shape, rate, seedOf(use), batch),
    uniform: (tape, use, shape, batch) => drawUniform(tape, shape, seedOf(use), batch),
  };
}

/** Records dropout with one mask, as often as it is called for. */
export type Drop = (x: Variable) => Variable;

/** Draws a mask for rows × width numbers, which lives until the adjoints of its uses are recorded. */
export function prepareDrop(
  tape: Tape,
  draws: Draws,
  use: string,
  shape: readonly number[],
  rate: number,
  batch: Batch,
): Drop {
  if (rate === 0) return (x) => x;
  const mask = draws.mask(tape, use, shape, rate, batch);
  tape.adjoint(() => tape.release(mask));
  return (x) => dropout(tape, x, mask, rate);
}
