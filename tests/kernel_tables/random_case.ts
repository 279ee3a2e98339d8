/** Random input for the tables of kernels_test.ts. */
import type { DispatchSize } from "../../src/gpu/program.ts";
import { createRandom, uniformBelow, uniformReal } from "../../src/random.ts";
import { patternOf } from "../../src/sparse/csr.ts";
import { type EpochBatches, gatherBatches } from "../../src/training/sampler.ts";
import type { Arrays, Numbers } from "../oracle.ts";

/** One dispatch. */
export interface Case {
  readonly name: string;
  /** The parts that the kernel is compiled with, by their paths under kernels/. */
  readonly parts?: readonly string[];
  readonly tensors: Arrays;
  /** Of the tensors, matrices that the kernel reads as images, and their vec4 per row. */
  readonly images?: Numbers;
  readonly params?: Numbers;
  readonly constants?: Numbers;
  readonly size: DispatchSize;
}

const random = createRandom(7);
/** A uniform integer in [0, bound). */
export const below = (bound: number): number => uniformBelow(random, bound);
/** Uniform in [−scale, scale). */
export const floats = (length: number, scale = 1): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length }, () => scale * (2 * uniformReal(random) - 1));
/** Uniform in [0, bound). */
export const integers = (length: number, bound: number): Uint32Array<ArrayBuffer> =>
  Uint32Array.from({ length }, () => below(bound));

/** A random pattern with about `perRow` entries per row; some rows are empty. */
export function randomPattern(rows: number, columns: number, perRow: number) {
  const pairs = Array.from({ length: rows }, (_, row) => {
    const wanted = Math.min(columns, row % 3 === 0 ? 0 : below(2 * perRow + 1));
    const ids = new Set(Array.from({ length: wanted }, () => below(columns)));
    return [...ids].map((column) => [row, column] as const);
  });
  return patternOf(rows, columns, pairs.flat());
}

/** Batches of random triples; ids of the batch are few, so that rows repeat. */
export function batchCases(
  toCase: (batch: ReturnType<typeof randomBatch>) => Omit<Case, "name">,
): Case[] {
  return [
    { users: 1, items: 2, triples: 1, batchSize: 1, step: 0, dim: 4 },
    { users: 5, items: 3, triples: 37, batchSize: 16, step: 1, dim: 12 },
    { users: 5, items: 3, triples: 37, batchSize: 16, step: 2, dim: 64 }, // partial
    { users: 900, items: 700, triples: 3000, batchSize: 1024, step: 2, dim: 64 },
    { users: 3, items: 4, triples: 300, batchSize: 300, step: 0, dim: 256 },
  ].map((sizes) => ({
    ...toCase(randomBatch(sizes)),
    name: `batch ${sizes.step} of ${sizes.triples} triples by ${sizes.batchSize}, dim ${sizes.dim}`,
  }));
}

/** A clock's record, a struct of kernels/prelude.wgsl; what is not told does not matter to the case. */
export function clockAt(
  batch: number,
  { count = 17, size = 0, places = [0, 0, 0], correction = [0, 0] }: {
    count?: number;
    size?: number;
    places?: readonly number[];
    correction?: readonly number[];
  } = {},
): Uint32Array<ArrayBuffer> {
  const factors = new Uint32Array(Float32Array.from(correction).buffer);
  return Uint32Array.of(batch, count, size, ...places, ...factors);
}

/** The clock's record of a batch. */
export function recordOf(
  { batchLength, batchStart, batchEnd }: EpochBatches,
  step: number,
): Uint32Array<ArrayBuffer> {
  const places = [batchStart[step]!, batchEnd[step]!, batchStart[step + 1]!];
  return clockAt(step, { count: step, size: batchLength[step]!, places });
}

/** Triples in batch `step` of an epoch. */
export function batchLength(triples: number, batchSize: number, step: number): number {
  return Math.min(batchSize, triples - step * batchSize);
}

export function randomBatch({ users, items, triples, batchSize, step, dim }: Numbers) {
  const rows = users! + items!;
  const item = () => integers(triples!, items!).map((id) => users! + id);
  const epoch = gatherBatches(
    { user: integers(triples!, users!), positive: item(), negative: item() },
    { rows, triples: triples!, batchSize: batchSize! },
  );
  return {
    rows,
    users: users!,
    dim: dim!,
    batchSize: batchSize!,
    epoch,
    clock: recordOf(epoch, step!),
    h: floats(rows * dim!),
    params: { batch_size: batchSize! },
    constants: { dim4: dim! / 4 },
    gathers: {
      row: epoch.row,
      entry_start: epoch.entryStart,
      partner: epoch.partner,
      signed_slot: epoch.signedSlot,
    },
  };
}
