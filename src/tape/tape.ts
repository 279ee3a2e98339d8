/**
 * Reverse-mode differentiation, while recording.
 *
 * An operation appends its forward dispatches to the program at once and leaves its adjoint on the
 * tape. {@linkcode Tape.backward} records the adjoints in reverse: the chain rule, as a flat list of
 * dispatches that is replayed with the rest. Where dx stands for dLoss/dx, as in all operations, the
 * exponential function is
 *
 *     function exp(tape: Tape, x: Variable): Variable {
 *       const y = recordExp(tape, x.value); // takes memory from the tape and dispatches y = exp(x)
 *       return tape.operation(y, [x], (dy) => {
 *         addGradient(tape, x, recordProduct(tape, dy, y)); // dx = dx + dy ⊙ y
 *       }, [y]);
 *     }
 *
 * Memory follows the same order. When an operation's adjoint is recorded, whoever else reads its result
 * has been recorded already, forward and backward: the tape then gives back what the operation took.
 *
 * @module
 */
import type { GpuDevice } from "../gpu/device.ts";
import type { MatrixImage } from "../gpu/gather/image.ts";
import { Program } from "../gpu/program.ts";
import type { Scratch } from "../gpu/scratch.ts";
import { elementCount, type Tensor, write } from "../gpu/tensor.ts";
import type { Ending } from "./ending.ts";

/** A value that a loss can be differentiated by. */
export interface Variable {
  /** The tensor. */
  readonly value: Tensor;
  /** dLoss/dValue, of the same shape; there once the adjoint of what uses the value is recorded. */
  gradient?: Tensor;
  /** Whether no gradient of it is needed, so that operations need not record one. */
  readonly constant?: boolean;
  /**
   * Whether its gradient is read once at most, by the optimizer's ending, so that it may be left {@linkcode
   * pending}.
   */
  readonly readOnce?: boolean;
  /** Instead of `gradient`: records the computation of the gradient with a given ending. */
  pending?: ((ending: Ending) => void) | undefined;
}

/** Memory that keeps its content from one replay of a program to the next. */
export interface Kept {
  /** The memory. */
  readonly tensor: Tensor;
  /** What all of it is when an epoch begins. */
  readonly initial: number;
}

/** Gives memory that is kept from replay to replay what it holds when an epoch begins. */
export function resetKept(gpu: GpuDevice, kept: readonly Kept[]): void {
  using clearing = new Program(gpu, "what outlives a step");
  for (const { tensor, initial } of kept) {
    if (initial === 0) clearing.clear(tensor);
    else write(gpu, tensor, new Float32Array(elementCount(tensor.shape)).fill(initial));
  }
  clearing.run();
}

/** A program being recorded, with the adjoints still to come. */
export class Tape {
  /** The device recorded for. */
  readonly gpu: GpuDevice;
  /** The program so far. */
  readonly program: Program;
  /** Whether the program is replayed for every batch, one after the other. */
  readonly everyStep: boolean;
  /** What follows the program's last replay in an epoch, once. */
  readonly closing: Program;
  readonly #scratch: Scratch;
  readonly #taken = new Map<GPUBuffer, Tensor>();
  readonly #kept: Kept[] = [];
  readonly #adjoints: (() => void)[] = [];
  #adjointsLeft = 0;

  /**
   * Starts an empty program that takes its intermediate results from `scratch`.
   *
   * @param everyStep Whether it is replayed for every batch, one after the other.
   */
  constructor(gpu: GpuDevice, label: string, scratch: Scratch, everyStep = true) {
    this.gpu = gpu;
    this.everyStep = everyStep;
    this.program = new Program(gpu, label);
    this.closing = new Program(gpu, `${label}, at the epoch's end`);
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

  /**
   * Memory that keeps its content from one replay to the next, and is zero when an epoch begins: the program's
   * own until the end.
   */
  keep(label: string, shape: readonly number[]): Tensor {
    const tensor = this.#scratch.takeForGood(label, shape);
    this.#kept.push({ tensor, initial: 0 });
    return tensor;
  }

  /** What {@linkcode keep} gave; who replays the program resets it when an epoch begins: {@linkcode resetKept}. */
  get kept(): readonly Kept[] {
    return this.#kept;
  }

  /** An image with undefined content and room for a matrix, to be given back. */
  takeImage(label: string, [rows, dim]: readonly number[]): MatrixImage {
    return this.#scratch.takeImage(label, rows!, dim! / 4);
  }

  /** Gives an image back. */
  releaseImage(image: MatrixImage): void {
    this.#scratch.releaseImage(image);
  }

  /**
   * Makes the result of an operation a variable, constant where all inputs are, and leaves its adjoint.
   *
   * The result's memory is given back before the adjoint is recorded, so that gradients can take it;
   * that of its gradient and of `kept` afterwards.
   *
   * @param value The result, taken from the tape; what was not taken there is never given back.
   * @param inputs What it was computed from.
   * @param adjoint Given dLoss/dvalue, adds to the gradients of the inputs (see src/tape/gradient.ts).
   * Not called where no loss depends on the result.
   * @param kept What else of the forward pass the adjoint reads; also the value, where it reads that.
   */
  operation(
    value: Tensor,
    inputs: readonly Variable[],
    adjoint: (gradient: Tensor) => void,
    kept: readonly Tensor[] = [],
  ): Variable {
    const output: Variable = { value, constant: inputs.every(({ constant }) => constant) };
    this.#adjoints.push(() => {
      const { gradient } = output;
      if (!kept.includes(value)) this.release(value);
      if (gradient && !output.constant) adjoint(gradient);
      // What computes a gradient that was left pending has yet to read all this.
      if (inputs.some(({ pending }) => pending)) return;
      if (gradient) this.release(gradient);
      for (const tensor of kept) this.release(tensor);
    });
    return output;
  }

  /**
   * Leaves an adjoint that is not of an operation's result: that of a loss, which is where gradients
   * start.
   *
   * @param kept What of the forward pass it reads; given back afterwards.
   */
  adjoint(record: () => void, kept: readonly Tensor[] = []): void {
    this.#adjoints.push(() => {
      record();
      for (const tensor of kept) this.release(tensor);
    });
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

  /** Whether the adjoint being recorded is the last one, after which no gradient changes. */
  get inLastAdjoint(): boolean {
    return this.#adjointsLeft + this.#adjoints.length === 0;
  }

  /** Releases everything still taken; call it at the end of the program. */
  finish(): void {
    for (const tensor of this.#taken.values()) this.#scratch.release(tensor);
    this.#taken.clear();
  }
}
