/** Small epochs of random triples, and gradients to compare with, for tests of operations. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { GpuDevice } from "../../src/gpu/device.ts";
import { write } from "../../src/gpu/tensor.ts";
import { type Batch, createBatch, type EpochShape, uploadBatches } from "../../src/tape/batch.ts";
import { uploadClock } from "../../src/tape/clock.ts";
import { type RandomSource, uniformBelow, uniformReal } from "../../src/random.ts";
import { gatherBatches, type Triples } from "../../src/training/sampler.ts";
import { recordOf } from "../kernel_tables/random_case.ts";

/** An epoch; triples are rows of users and items stacked. */
export interface MadeEpoch {
  readonly users: number;
  readonly items: number;
  readonly shape: EpochShape;
  readonly triples: Triples;
}

/** Uniform in [−1, 1). */
export const uniformFloats = (random: RandomSource, length: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length }, () => 2 * uniformReal(random) - 1);

export function madeEpoch(
  random: RandomSource,
  sizes: { users: number; items: number; triples: number; batchSize: number },
): MadeEpoch {
  const { users, items, triples, batchSize } = sizes;
  const rows = (from: number, bound: number) =>
    Uint32Array.from({ length: triples }, () => from + uniformBelow(random, bound));
  return {
    users,
    items,
    shape: { rows: users + items, triples, batchSize },
    triples: { user: rows(0, users), positive: rows(users, items), negative: rows(users, items) },
  };
}

/** The triples of one batch. */
export function batchOf({ triples, shape: { batchSize } }: MadeEpoch, step: number): Triples {
  const part = (rows: Uint32Array<ArrayBuffer>) =>
    rows.slice(step * batchSize, (step + 1) * batchSize);
  return {
    user: part(triples.user),
    positive: part(triples.positive),
    negative: part(triples.negative),
  };
}

/** The epoch on the GPU, the clock's first record being of one of its batches. */
export function uploadMade(
  gpu: GpuDevice,
  { shape, triples }: MadeEpoch,
  step: number,
  termCount = 1,
): Batch {
  const batches = createBatch(gpu, shape, termCount);
  const epoch = gatherBatches(triples, shape);
  uploadBatches(gpu, batches, epoch);
  uploadClock(gpu, batches.clock, epoch, 0, { learningRate: 1, weightDecay: 0 });
  write(gpu, batches.clock, recordOf(epoch, step));
  return batches;
}

/** Central differences of f, entry by entry. */
export function finiteDifferences(
  f: (x: Float64Array) => number,
  at: Float64Array,
  step = 1e-5,
): Float64Array {
  const moved = (i: number, by: number): number => f(at.with(i, at[i]! + by));
  return at.map((_, i) => (moved(i, step) - moved(i, -step)) / (2 * step));
}

/** Compares with what f64 gave, relative to its largest number. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance = 2e-6,
): void {
  assertEquals(actual.length, expected.length);
  const values = Array.from(expected);
  const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  values.forEach((x, i) => assertAlmostEquals(actual[i]!, x, tolerance * largest, `entry ${i}`));
}
