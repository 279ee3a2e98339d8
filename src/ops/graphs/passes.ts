/**
 * What a stepwise convolution consists of: passes over a graph A, result = a ⊙ base + b ⊙ (A input), that
 * follow each other. base is the same for all, and input what the pass before made.
 *
 * @module
 */
import type { KernelPart } from "../../gpu/part.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import type { SparseMatrix } from "../../sparse/csr.ts";
import type { Batch } from "../../tape/batch.ts";
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
  /** Records which entries matter to the current batch, where that is faster than to walk them all. */
  nearBatch?(tape: Tape, batch: Batch): NearBatch;
  /** Starts passes over a matrix, the input of the first one and the base of all. */
  start(tape: Tape, base: Tensor): Passes;
}

/** Entries that matter to a batch. */
export interface NearBatch {
  /** Those that lead to rows of the batch. */
  readonly leading: KernelPart;
  /** Those of the rows of the batch and of their neighbours. */
  readonly reached: KernelPart;
  /** Where they are, taken from the tape. */
  readonly tensors: readonly Tensor[];
}

/** Passes that follow each other. */
export interface Passes {
  /** Records the next one, its result met by an ending that may not write to the base. */
  record(weights: Tensor, ending: Ending, over?: Reach): void;
  /** Makes a tensor, taken from the tape, the input of the next pass, which gives it back. */
  follow(input: Tensor): void;
  /** Gives the memory back. */
  end(): void;
}

/** What a pass goes over, if not everything. */
export interface Reach {
  /** The rows wanted. */
  readonly rows?: GatheredRows;
  /** Of all rows, the entries that matter. */
  readonly entries?: KernelPart;
}
