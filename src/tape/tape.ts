/**
 * Reverse-mode differentiation, while recording.
 *
 * An operation appends its forward dispatches to the program at once and leaves its adjoint on the
 * tape. {@linkcode Tape.backward} records the adjoints in reverse: the chain rule, as a flat list of
 * dispatches that is replayed with the rest.
 *
 * Memory follows the same order. An operation takes its result from the tape and gives it back in its
 * own adjoint: whoever read it has been recorded by then, forward and backward.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import type { MatrixImage } from "../gpu/gather/image.ts";
import { Program } from "../gpu/program.ts";
import type { Scratch } from "../gpu/scratch.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { Ending } from "./ending.ts";

/** A value that a loss can be differentiated by. */
export interface Variable {
  /** The value. */
  readonly value: Tensor;
  /** dLoss/dValue, of the same shape; there once the adjoint of what uses the value is recorded. */
  gradient?: Tensor;
  /** Whether nothing asks for its gradient, so that operations need not record it. */
  readonly constant?: boolean;
  /** Whether its gradient is read once at most, by an ending: it may be left {@linkcode pending}. */
  readonly readOnce?: boolean;
  /** In the place of a gradient: records what computes it, each vec4 of it met by an ending. */
  pending?: ((ending: Ending) => void) | undefined;
}

/** A program being recorded, with the adjoints still to come. */
export class Tape {
  /** The device recorded for. */
  readonly gpu: Gpu;
  /** The program so far. */
  readonly program: Program;
  readonly #scratch: Scratch;
  readonly #taken = new Map<GPUBuffer, Tensor>();
  readonly #adjoints: (() => void)[] = [];
  #adjointsLeft = 0;

  /** Starts an empty program that takes its intermediate results from `scratch`. */
  constructor(gpu: Gpu, label: string, scratch: Scratch) {
    this.gpu = gpu;
    this.program = new Program(gpu, label);
    this.#scratch = scratch;
  }

  /** Memory for a result of an operation, with undefined content. */
  take(label: string, shape: readonly number[]): Tensor {
    const tensor = this.#scratch.take(label, shape);
    this.#taken.set(tensor.buffer, tensor);
    return tensor;
  }

  /** Gives memory back that no later dispatch reads; what was not taken here stays untouched. */
  release(tensor: Tensor): void {
    if (this.#taken.delete(tensor.buffer)) this.#scratch.release(tensor);
  }

  /** An image with undefined content and room for a matrix, to be given back. */
  takeImage(label: string, [rows, dim]: readonly number[]): MatrixImage {
    return this.#scratch.takeImage(label, rows!, dim! / 4);
  }

  /** Gives an image back. */
  releaseImage(image: MatrixImage): void {
    this.#scratch.releaseImage(image);
  }

  /** Leaves an adjoint to be recorded by {@linkcode backward}. */
  adjoint(record: () => void): void {
    this.#adjoints.push(record);
  }

  /** Records all adjoints left so far, the last first. */
  backward(): void {
    const adjoints = this.#adjoints.splice(0).reverse();
    this.#adjointsLeft = adjoints.length;
    for (const record of adjoints) {
      this.#adjointsLeft--;
      record();
    }
  }

  /** While an adjoint is recorded: whether it is the last, so that nothing adds to gradients any more. */
  get inLastAdjoint(): boolean {
    return this.#adjointsLeft + this.#adjoints.length === 0;
  }

  /** Gives back all that is still taken, at the end of the program. */
  finish(): void {
    for (const tensor of this.#taken.values()) this.#scratch.release(tensor);
    this.#taken.clear();
  }
}
