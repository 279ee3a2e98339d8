/**
 * Reverse-mode differentiation, while recording.
 *
 * An operation appends its forward dispatches to the program at once and leaves its adjoint on the
 * tape. {@linkcode Tape.backward} records the adjoints in reverse: the chain rule, as a flat list of
 * dispatches that is replayed with the rest.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { Program } from "../gpu/program.ts";
import type { Scratch } from "../gpu/scratch.ts";
import type { Tensor } from "../gpu/tensor.ts";

/** A value that a loss can be differentiated by. */
export interface Variable {
  /** The value. */
  readonly value: Tensor;
  /** dLoss/dValue, of the same shape; there once the adjoint of what uses the value is recorded. */
  gradient?: Tensor;
}

/** A program being recorded, with the adjoints still to come. */
export class Tape {
  /** The device recorded for. */
  readonly gpu: Gpu;
  /** The program so far. */
  readonly program: Program;
  /** Where operations take memory for results. */
  readonly scratch: Scratch;
  readonly #adjoints: (() => void)[] = [];

  /** Starts an empty program that takes its intermediate results from `scratch`. */
  constructor(gpu: Gpu, label: string, scratch: Scratch) {
    this.gpu = gpu;
    this.program = new Program(gpu, label);
    this.scratch = scratch;
  }

  /** Leaves an adjoint to be recorded by {@linkcode backward}. */
  adjoint(record: () => void): void {
    this.#adjoints.push(record);
  }

  /** Records all adjoints left so far, the last first. */
  backward(): void {
    for (const record of this.#adjoints.splice(0).reverse()) record();
  }
}
