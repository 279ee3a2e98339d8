/**
 * What a model makes of users and items, as arrays.
 *
 * @module
 */
import type { GpuDevice } from "../gpu/device.ts";
import { Scratch } from "../gpu/scratch.ts";
import { readFloats } from "../gpu/tensor.ts";
import type { BuiltModel } from "../models/model.ts";
import { Tape } from "../tape/tape.ts";

/** Representations: the score of user u and item i is the inner product of their rows. */
export interface Embeddings {
  /** userCount × dim, row-major. */
  readonly users: Float32Array<ArrayBuffer>;
  /** itemCount × dim, row-major. */
  readonly items: Float32Array<ArrayBuffer>;
  /** Numbers per row. */
  readonly dim: number;
}

/**
 * What the model ranks with as it is now, which is not its raw parameters.
 *
 * @throws {GpuError} when the GPU fails.
 */
export async function embeddings(gpu: GpuDevice, model: BuiltModel): Promise<Embeddings> {
  using scratch = new Scratch(gpu);
  const tape = new Tape(gpu, `${model.name} embeddings`, scratch);
  using program = tape.program;
  const vectors = model.represent(tape);
  program.run();
  const [all] = await readFloats(gpu, vectors);
  const dim = vectors.shape[1]!;
  const firstItem = model.userCount * dim;
  return { users: all!.slice(0, firstItem), items: all!.slice(firstItem), dim };
}
