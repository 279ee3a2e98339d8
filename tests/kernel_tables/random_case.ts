/** Random input for the tables of kernels_test.ts. */
import type { DispatchSize } from "../../src/gpu/program.ts";
import { createRandom, uniformBelow, uniformReal } from "../../src/random.ts";
import { patternOf } from "../../src/sparse/csr.ts";
import { gatherBatches } from "../../src/training/sampler.ts";
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
    clock: Uint32Array.of(step!, 17),
    h: floats(rows * dim!),
    params: { triples: triples!, batch_size: batchSize! },
    constants: { dim4: dim! / 4 },
    gathers: {
      batch_start: epoch.batchStart,
      row: epoch.row,
      entry_start: epoch.entryStart,
      partner: epoch.partner,
      signed_slot: epoch.signedSlot,
    },
  };
}
