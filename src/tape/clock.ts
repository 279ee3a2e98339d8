/**
 * The clock: what a recorded step has to know of the batch it is replayed for, one record per step of an
 * epoch. A replay binds its record; nothing on the GPU moves on.
 *
 * @module
 */
import type { GpuDevice } from "../gpu/device.ts";
import { RECORD_WORDS } from "../gpu/program.ts";
import { createTensor, type Tensor, write } from "../gpu/tensor.ts";
import { type AdamSettings, completeAdam } from "./adamw.ts";

/** Where the rows of each batch are in an epoch's list of rows. */
export interface BatchPlaces {
  /** Triples in each batch. */
  readonly batchLength: Uint32Array<ArrayBuffer>;
  /** Where the rows that each batch touches begin; batches + 1 offsets. */
  readonly batchStart: Uint32Array<ArrayBuffer>;
  /** Where they end. What follows until the next start are stale rows: those of the batch before alone. */
  readonly batchEnd: Uint32Array<ArrayBuffer>;
}

/** Allocates the records of so many steps, each the struct `Clock` of kernels/prelude.wgsl, padded. */
export function createClock(gpu: GpuDevice, steps: number): Tensor {
  return createTensor(gpu, "clock", [steps, RECORD_WORDS]);
}

/**
 * Uploads the records of an epoch's steps.
 *
 * @param stepsBefore Batches of earlier epochs: what is drawn on the GPU depends on the number since the
 * start, so that a resumed run draws as one that went on.
 * @param settings Of the optimizer, for the corrections of its moments.
 * @param learningRateFactor f, what the learning rate is multiplied with (not in the decoupled decay).
 */
export function uploadClock(
  gpu: GpuDevice,
  clock: Tensor,
  { batchStart, batchEnd, batchLength }: BatchPlaces,
  stepsBefore: number,
  settings: AdamSettings,
  learningRateFactor = 1,
): void {
  const { beta1, beta2 } = completeAdam(settings);
  const records = new Uint32Array(RECORD_WORDS * batchEnd.length);
  const factors = new Float32Array(records.buffer);
  batchEnd.forEach((end, batch) => {
    const count = stepsBefore + batch, at = RECORD_WORDS * batch;
    const places = [batchStart[batch]!, end, batchStart[batch + 1]!];
    records.set([batch, count, batchLength[batch]!, ...places], at);
    // In f64, as PyTorch computes them: near the start they are differences of nearly equal numbers.
    factors[at + 6] = learningRateFactor / (1 - beta1 ** (count + 1));
    factors[at + 7] = 1 / (1 - beta2 ** (count + 1));
  });
  write(gpu, clock, records);
}
