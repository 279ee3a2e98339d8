/**
 * What training and ranking ask of a model.
 *
 * @module
 */
import type { Tensor } from "../gpu/tensor.ts";
import { InputError } from "../input_error.ts";
import type { TripleTensors } from "../ops/bpr_loss.ts";
import type { Tape, Variable } from "../ops/tape.ts";

/** A recommender whose score of user u and item i is ⟨h_u, h_i⟩. */
export interface Model extends Disposable {
  /** Name in run folders and tables. */
  readonly name: string;
  /** Users, which come first in every stacked matrix. */
  readonly userCount: number;
  /** Items, which follow. */
  readonly itemCount: number;
  /** What is trained: (users + items) × dim. */
  readonly embeddings: Tensor;
  /** The settings it was made with, as they are written to checkpoints. */
  readonly settings: Readonly<Record<string, unknown>>;
  /**
   * Records representations H = f(E), of the same shape as E, and the adjoint. For training, with
   * `batches`: only the rows of H that the current batch names are needed, and only these will have a
   * gradient that is not zero.
   */
  represent(tape: Tape, embeddings: Variable, batches?: TripleTensors): Variable;
  /**
   * Records the smoothing of a descent direction before it is applied: takes all rows, returns a
   * matrix of which the items' rows are used in their place. Plain AdamW without it.
   */
  smoothItems?(tape: Tape, direction: Tensor): Tensor;
}

/**
 * Checks what all models have in common.
 *
 * @throws {InputError} when the embedding width or the number of layers is out of range.
 */
export function requireShape({ dim, layers }: { dim: number; layers: number }): void {
  if (!Number.isInteger(dim) || dim < 4 || dim > 256 || dim % 4 !== 0) {
    throw new InputError(`dim is ${dim}, but must be a multiple of 4 from 4 to 256.`);
  }
  if (!Number.isInteger(layers) || layers < 0) {
    throw new InputError(`layers is ${layers}, but must be a whole number from 0.`);
  }
}
