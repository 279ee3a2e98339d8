/**
 * What the steps of an epoch leave on the GPU until somebody reads it: their losses' terms, and a note of each
 * step that it was done. There is room for several epochs, which are read together, as reading means waiting for
 * all work on its way.
 *
 * @module
 */
import { type GpuDevice, GpuError } from "../gpu/device.ts";
import { createTensors, readFloats, type Tensor } from "../gpu/tensor.ts";

/** Steps that there is room for, where an epoch has fewer: as many whole epochs as fit. */
const MOST_STEPS = 16_384;

/** Epochs that there is room for, at most. */
const MOST_EPOCHS = 64;

/** What the steps of a chunk leave. */
export interface StepResults {
  /** Steps × terms: the loss's terms. */
  readonly terms: Tensor;
  /** Per step the clock's `count`, once it was done. */
  readonly done: Tensor;
}

/** The results of epochs that nobody has read. */
export interface EpochTable extends Disposable {
  /** Epochs that there is room for. */
  readonly room: number;
  /** Begins an epoch, before which there were so many steps. */
  begin(stepsBefore: number): void;
  /** Copies what `steps` steps left, from the `firstBatch`-th of the epoch on. */
  collect(results: StepResults, firstBatch: number, steps: number): void;
  /**
   * Waits for all epochs begun since the last time, and reads the terms of each, its steps × terms.
   *
   * @throws {GpuError} when the GPU failed, or left a step out.
   */
  read(): Promise<Float32Array<ArrayBuffer>[]>;
}

/**
 * Allocates a table.
 *
 * @param steps Steps in an epoch.
 * @param termCount How many terms the losses have.
 */
export function createEpochTable(
  gpu: GpuDevice,
  label: string,
  steps: number,
  termCount: number,
): EpochTable {
  const room = Math.max(1, Math.min(MOST_EPOCHS, Math.floor(MOST_STEPS / steps)));
  const tensors = createTensors(gpu, {
    terms: ["loss terms of epochs", [room * steps, termCount]],
    done: ["steps done in epochs", [room * steps]],
  });
  let begun: number[] = [];
  return {
    room,
    begin: (stepsBefore) => {
      if (begun.length === room) {
        throw new GpuError(`Nobody has read the losses of ${room} epochs.`);
      }
      begun.push(stepsBefore);
    },
    collect: (results, firstBatch, count) => {
      if (gpu.dry) return;
      const first = (begun.length - 1) * steps + firstBatch;
      gpu.submit(`${label}: losses`, (encoder) => {
        const copy = (from: Tensor, to: Tensor, words: number): void =>
          encoder.copyBufferToBuffer(
            from.buffer,
            0,
            to.buffer,
            4 * words * first,
            4 * words * count,
          );
        copy(results.terms, tensors.terms, termCount);
        copy(results.done, tensors.done, 1);
      });
    },
    read: async () => {
      const epochs = begun;
      begun = [];
      const [terms, counts] = await readFloats(
        gpu,
        { ...tensors.terms, shape: [epochs.length * steps, termCount] },
        { ...tensors.done, shape: [epochs.length * steps] },
      );
      const done = new Uint32Array(counts!.buffer);
      return epochs.map((stepsBefore, epoch) => {
        const own = done.subarray(epoch * steps, (epoch + 1) * steps);
        if (!gpu.dry) requireEachStep(own, stepsBefore);
        return terms!.slice(epoch * steps * termCount, (epoch + 1) * steps * termCount);
      });
    },
    [Symbol.dispose]: () => tensors[Symbol.dispose](),
  };
}

/** Checks that the GPU has noted each step. */
function requireEachStep(counts: Uint32Array, stepsBefore: number): void {
  const missing = counts.findIndex((count, step) => count !== stepsBefore + step);
  if (missing < 0) return;
  throw new GpuError(
    `The GPU left out step ${
      missing + 1
    } of ${counts.length} without a word: what it computed since is worth nothing.`,
  );
}
