/**
 * What a model makes of users and items.
 *
 * @module
 */
import { runOnce } from "../gpu/paced_queue.ts";
import { Scratch } from "../gpu/scratch.ts";
import { readFloats, type Tensor } from "../gpu/tensor.ts";
import { InputError } from "../input_error.ts";
import { Tape } from "../tape/tape.ts";
import type { BuiltModel } from "./model.ts";

/**
 * Records what a model makes of users and items.
 *
 * @throws {InputError} when it ranks by other things.
 */
export function representations(model: BuiltModel, tape: Tape): Tensor {
  if (model.represent) return model.represent(tape);
  throw new InputError(`${model.name} has no embeddings: it ranks by lists of what is similar.`);
}

/**
 * Reads what a model makes of users and items as it is now, users first.
 *
 * @throws {InputError} when it ranks by other things.
 * @throws {GpuError} when the GPU fails.
 */
export async function readRepresentations(
  model: BuiltModel,
): Promise<{ readonly data: Float32Array<ArrayBuffer>; readonly width: number }> {
  const { gpu, name } = model;
  using scratch = new Scratch(gpu);
  const tape = new Tape(gpu, `${name} embeddings`, scratch);
  using program = tape.program;
  const h = representations(model, tape);
  await runOnce(program);
  const [data] = await readFloats(gpu, h);
  return { data: data!, width: h.shape[1]! };
}
