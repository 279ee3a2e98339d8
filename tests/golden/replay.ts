/**
 * Runs a model on given batches, for comparison with numbers that other code computed.
 *
 * @module
 */
import type { GpuDevice } from "../../src/gpu/device.ts";
import { Scratch } from "../../src/gpu/scratch.ts";
import { readFloats, write } from "../../src/gpu/tensor.ts";
import { InputError } from "../../src/input_error.ts";
import type { BuiltModel, ModelParts, Phase } from "../../src/models/model.ts";
import { createBatch, type EpochShape, uploadBatches } from "../../src/tape/batch.ts";
import { resetKept, Tape, type Variable } from "../../src/tape/tape.ts";
import { type EpochBatches, gatherBatches } from "../../src/training/sampler.ts";
import { recordOf } from "../kernel_tables/random_case.ts";

/** Numbers nested as deep as their shape. */
export type Nested = number | readonly Nested[];

/** Notes the largest error of a quantity. */
export type Compare = (name: string, ours: ArrayLike<number>, theirs: Nested) => void;

/** (user, positive item, negative item), ids from 0. */
export type Triple = readonly [number, number, number];

/** An epoch of a single batch. */
export function batchOf(
  { userCount, itemCount }: Pick<BuiltModel, "userCount" | "itemCount">,
  triples: readonly Triple[],
): [EpochShape, EpochBatches] {
  const shape = {
    rows: userCount + itemCount,
    triples: triples.length,
    batchSize: triples.length,
  };
  const rows = (place: 0 | 1 | 2) =>
    Uint32Array.from(triples, (triple) => triple[place] + (place === 0 ? 0 : userCount));
  return [shape, gatherBatches({ user: rows(0), positive: rows(1), negative: rows(2) }, shape)];
}

/** What a phase computes before the optimizer. */
export interface Gradients {
  /** Loss terms, without their weights, by name. */
  readonly terms: Readonly<Record<string, number>>;
  /** dLoss/dParameter, by name; zero where the loss does not depend on it. */
  readonly gradients: Readonly<Record<string, Float32Array<ArrayBuffer>>>;
}

/** Runs a phase of a model on one batch, without the optimizer. */
export async function lossAndGradients(
  gpu: GpuDevice,
  model: BuiltModel,
  triples: readonly Triple[],
  phase: Phase = model.phases[0]!,
): Promise<Gradients> {
  const [shape, epoch] = batchOf(model, triples);
  const names = Object.keys(model.lossTerms);
  using scratch = new Scratch(gpu);
  using batches = createBatch(gpu, shape, names.length);
  uploadBatches(gpu, batches, epoch);
  write(gpu, batches.clock, recordOf(epoch, 0));
  const tape = new Tape(gpu, phase.name, scratch);
  const variables: Record<string, Variable> = Object.fromEntries(
    Object.entries(model.parameters).map(([name, value]) => [name, { value }]),
  );
  phase.record(tape, variables, batches);
  tape.backward();
  using program = tape.program;
  using closing = tape.closing;
  resetKept(gpu, tape.kept);
  program.run();
  closing.run();
  const [terms] = await readFloats(gpu, batches.terms);
  const gradients: Record<string, Float32Array<ArrayBuffer>> = {};
  for (const [name, { value, gradient }] of Object.entries(variables)) {
    const [read] = await readFloats(gpu, gradient ?? value);
    gradients[name] = gradient ? read! : read!.fill(0);
  }
  return {
    terms: Object.fromEntries(names.map((name) => [name, terms![model.lossTerms[name]!.index]!])),
    gradients,
  };
}

/** Reads a model's representations, (users + items) × width. */
export async function represent(
  gpu: GpuDevice,
  model: Pick<ModelParts, "represent">,
): Promise<Float32Array<ArrayBuffer>> {
  using scratch = new Scratch(gpu);
  const tape = new Tape(gpu, "forward", scratch);
  const h = model.represent!(tape);
  using program = tape.program;
  program.run();
  return (await readFloats(gpu, h))[0]!;
}

/**
 * The largest difference between two arrays.
 *
 * @throws {InputError} when they differ in length.
 */
export function largestError(name: string, ours: ArrayLike<number>, theirs: Nested): number {
  const flat = flatten(theirs);
  if (flat.length !== ours.length) {
    throw new InputError(
      `${name} has ${flat.length} numbers in the file, but ${ours.length} here.`,
    );
  }
  // NaN compares as no error with Math.max, so it is told apart.
  return flat.reduce((worst, value, i) => {
    const error = Math.abs(value - ours[i]!);
    return error <= worst ? worst : Number.isNaN(error) ? Infinity : error;
  }, 0);
}

/** The same, relative to the largest of `theirs`. */
export function relativeError(name: string, ours: ArrayLike<number>, theirs: Nested): number {
  const largest = flatten(theirs).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const error = largestError(name, ours, theirs);
  return largest > 0 ? error / largest : error;
}

/** All numbers, in order. */
export function flatten(nested: Nested): number[] {
  return typeof nested === "number" ? [nested] : nested.flatMap(flatten);
}
