/**
 * What the checks of all rivals have in common.
 *
 * @module
 */
import type { GpuDevice } from "../../../src/gpu/device.ts";
import { write } from "../../../src/gpu/tensor.ts";
import type { BuiltModel } from "../../../src/models/model.ts";
import { type Compare, lossAndGradients, represent } from "../replay.ts";
import { number, numbers, parameter, type RivalFile, type RivalInput } from "../rival_file.ts";

/** Compares every quantity of a rival's file. */
export type RivalCheck = (
  gpu: GpuDevice,
  file: RivalFile,
  input: RivalInput,
  compare: Compare,
) => Promise<void>;

/** How the file's names stand for ours. */
export interface RivalNames {
  /**
   * Our parameters, each with those of the file whose values it holds, one after the other.
   */
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  /** Our loss terms, each with the file's under `loss/terms`. */
  readonly terms: Readonly<Record<string, string>>;
}

/** Gives a model the parameters of the file. */
export function loadParameters(
  gpu: GpuDevice,
  model: BuiltModel,
  file: RivalFile,
  { parameters }: RivalNames,
): void {
  for (const [name, theirs] of Object.entries(parameters)) {
    const values = theirs.flatMap((their) => Array.from(parameter(file, their)));
    write(gpu, model.parameters[name]!, Float32Array.from(values));
  }
}

/** Compares representations, users' and items'; `prefix` is as in {@linkcode compareLoss}. */
export async function compareForward(
  gpu: GpuDevice,
  model: BuiltModel,
  file: RivalFile,
  compare: Compare,
  prefix = "",
): Promise<void> {
  const h = await represent(gpu, model);
  const split = h.length / (model.userCount + model.itemCount) * model.userCount;
  const parts = { user: h.subarray(0, split), item: h.subarray(split) };
  for (const [name, rows] of Object.entries(parts)) {
    const key = `${prefix}forward/${name}`;
    compare(key, rows, numbers(file, key));
  }
}

/**
 * Compares the loss, its terms and the gradients on the file's batch.
 *
 * @param prefix Where in the file they are: "" or, for an extra entry, its key with a slash.
 */
export async function compareLoss(
  gpu: GpuDevice,
  model: BuiltModel,
  file: RivalFile,
  { batch }: RivalInput,
  { parameters, terms: termNames }: RivalNames,
  compare: Compare,
  prefix = "",
  phase = model.phases[0]!,
): Promise<void> {
  const { terms, gradients } = await lossAndGradients(gpu, model, batch, phase);
  let total = 0;
  for (const [name, their] of Object.entries(termNames)) {
    const key = `${prefix}loss/terms/${their}`;
    compare(key, [terms[name]!], number(file, key));
    total += terms[name]! * model.lossTerms[name]!.weight;
  }
  compare(`${prefix}loss/total`, [total], number(file, `${prefix}loss/total`));
  for (const [name, theirs] of Object.entries(parameters)) {
    let from = 0;
    for (const their of theirs) {
      const key = `${prefix}gradients/${their}`;
      const expected = numbers(file, key);
      const to = from + parameter(file, their).length;
      compare(key, gradients[name]!.subarray(from, to), expected);
      from = to;
    }
  }
}
