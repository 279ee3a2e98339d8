/**
 * What a stepwise convolution consists of: passes over a graph A, result = a ⊙ base + b ⊙ (A input), that
 * follow each other. base is the same for all, and input what the pass before made.
 *
 * @module
 */
import type { Tensor } from "../../gpu/tensor.ts";
import type { SparseMatrix } from "../../sparse/csr.ts";
import type { Ending } from "../../tape/ending.ts";
import type { Tape } from "../../tape/tape.ts";
import type { GatheredRows } from "./gather.ts";

/** A graph that passes go over, on the GPU. */
export interface GraphPasses extends Disposable {
  /**
   * Puts another graph, as many rows and no more entries, in its place.
   *
   * @throws {GpuError} when it has too many.
   */
  replace(matrix: SparseMatrix): void;
  /** Starts passes over a matrix, the input of the first one and the base of all. */
  start(tape: Tape, base: Tensor): Passes;
}

/** Passes that follow each other. */
export interface Passes {
  /**
   * Records the next one, its result met by an ending that may not write to the base.
   *
   * @param rows Those wanted; all unless told.
   */
  record(weights: Tensor, ending: Ending, rows?: GatheredRows): void;
  /** Makes a tensor, taken from the tape, the input of the next pass, which gives it back. */
  follow(input: Tensor): void;
  /** Gives the memory back. */
  end(): void;
}
