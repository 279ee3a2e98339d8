/**
 * The training steps of mmssl.json: both players, their optimizers, and graphs that are replaced.
 *
 * @module
 */
import type { GpuDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { readFloats, write } from "../../../src/gpu/tensor.ts";
import { InputError } from "../../../src/input_error.ts";
import { gatherBatches } from "../../../src/training/sampler.ts";
import { createTrainingStep, type TrainingStep } from "../../../src/training/training_step.ts";
import { batchOf, type Compare, lossAndGradients, represent, type Triple } from "../replay.ts";
import { at, type Json, number, numbers, type RivalFile, type RivalInput } from "../rival_file.ts";
import { compareGraph, readGraphs } from "./mmssl_graphs.ts";
import {
  compareGradients,
  compareLosses,
  compareValues,
  discriminatorLosses,
  generatorLosses,
  type Losses,
} from "./mmssl_losses.ts";
import {
  createModel,
  DISCRIMINATOR,
  fileDraws,
  GENERATOR,
  type Mmssl,
  phaseNamed,
  setParameters,
  SHIFT1,
} from "./mmssl_setup.ts";

/** A model in training on the file's batches. */
interface Run {
  readonly gpu: GpuDevice;
  readonly model: Mmssl;
  readonly step: TrainingStep;
}

/** Gets the file's batches ready, with both optimizers. */
function startRun(
  gpu: GpuDevice,
  model: Mmssl,
  steps: readonly (readonly Triple[])[],
  scratch: Scratch,
): Run & Disposable {
  const [{ rows }] = batchOf(model, steps[0]!);
  const triples = steps.flat();
  const shape = { rows, triples: triples.length, batchSize: steps[0]!.length };
  const column = (place: 0 | 1 | 2) =>
    Uint32Array.from(triples, (triple) => triple[place] + (place === 0 ? 0 : model.userCount));
  const epoch = gatherBatches({ user: column(0), positive: column(1), negative: column(2) }, shape);
  const settings = { learningRate: 5.5e-4, weightDecay: 0.01 };
  const step = createTrainingStep(model, shape, settings, scratch);
  step.load(epoch);
  return { gpu, model, step, [Symbol.dispose]: () => step[Symbol.dispose]() };
}

/** Runs a batch: each phase, and what comes after it. */
async function runBatch({ gpu, model, step }: Run, batch: number): Promise<void> {
  const phases = model.phases.filter(({ appliesTo }) => appliesTo?.(batch) ?? true);
  for (const [place, program] of step.programsOf(batch).entries()) {
    program.run(batch);
    await gpu.finish();
    const after = phases[place]?.after;
    if (after?.appliesTo(batch)) await after.run(batch);
  }
}

/** The losses of a batch that was run. */
async function lossesOf({ gpu, model, step }: Run, batch: number): Promise<Losses> {
  for (const program of step.closing) program.run();
  const [table] = await readFloats(gpu, step.batch.terms);
  const terms = Object.fromEntries(
    Object.entries(model.lossTerms).map(([name, { index, count }]) =>
      [name, table![batch * count + index]!] as const
    ),
  );
  return { ...discriminatorLosses(model, terms), ...generatorLosses(model, terms) };
}

/** A step as the file has it. */
interface FileStep {
  readonly batch: readonly Triple[];
  readonly after: { readonly norms: Losses };
}

/** The training steps, each with its losses, the parameters after it and the graphs for the next. */
export async function compareTraining(
  gpu: GpuDevice,
  file: RivalFile,
  input: RivalInput,
  compare: Compare,
): Promise<void> {
  const steps = at(file, "training_steps/steps") as unknown as readonly FileStep[];
  using draws = fileDraws(gpu, file);
  using model = await createModel(gpu, file, input, draws);
  using scratch = new Scratch(gpu);
  using run = startRun(gpu, model, steps.map(({ batch }) => batch), scratch);
  for (const [place, { batch }] of steps.entries()) {
    const keys = `training_steps/steps/${place}`;
    draws.setNoise(`${keys}/noise`);
    if ("in_full" in steps[place]!) await compareInFull(run, file, batch, keys, compare);
    await runBatch(run, place);
    compareLosses(file, `${keys}/losses`, await lossesOf(run, place), compare);
    await compareAfter(run, file, keys, compare);
    await compareNextGraphs(run, file, keys, compare);
  }
  const h = await represent(gpu, model);
  const split = h.length / (model.userCount + model.itemCount) * model.userCount;
  const sides = { user: h.subarray(0, split), item: h.subarray(split) };
  for (const [side, ours] of Object.entries(sides)) {
    const key = `training_steps/forward_after/${side}`;
    compare(key, ours, numbers(file, key));
  }
}

/** Reads parameters by name. */
async function readParameters(gpu: GpuDevice, { parameters }: Mmssl) {
  const read = await readFloats(gpu, ...Object.values(parameters));
  return Object.fromEntries(Object.keys(parameters).map((name, i) => [name, read[i]!]));
}

/** Norms of all parameters, and the first rows of the embeddings, after a step. */
async function compareAfter(
  { gpu, model }: Run,
  file: RivalFile,
  keys: string,
  compare: Compare,
): Promise<void> {
  const ours = await readParameters(gpu, model);
  const norms = `${keys}/after/norms`;
  for (const [name, theirs] of Object.entries({ ...GENERATOR, ...DISCRIMINATOR })) {
    if (theirs[0] === SHIFT1) continue;
    const [width] = model.parameters[name]!.shape.slice(1);
    const cut = theirs.length > 1 ? model.userCount * width! : ours[name]!.length;
    [ours[name]!.subarray(0, cut), ours[name]!.subarray(cut)].forEach((part, place) => {
      const their = theirs[place];
      if (their === undefined) return;
      compare(`${norms}/${their}`, [Math.hypot(...part)], number(file, `${norms}/${their}`));
    });
  }
  const { dim } = model.data.settings;
  const row = (first: number) => ours.embeddings!.subarray(first * dim, (first + 1) * dim);
  const rows = { user: row(0), item: row(model.userCount) };
  for (const [side, entries] of Object.entries(rows)) {
    const key = `${keys}/after/${side}_id_embedding_row_0`;
    compare(key, entries, numbers(file, key));
  }
}

async function compareNextGraphs(
  run: Run,
  file: RivalFile,
  keys: string,
  compare: Compare,
): Promise<void> {
  const { image, text } = await readGraphs(run.gpu, run.model);
  compareGraph(run.model, file, `${keys}/image_ui_graph_for_the_next_step`, image!, "ui", compare);
  compareGraph(run.model, file, `${keys}/text_iu_graph_for_the_next_step`, text!, "iu", compare);
}

/** Graphs, parameters and gradients of a step that the file has in full; the run goes on as it was. */
async function compareInFull(
  run: Run,
  file: RivalFile,
  batch: readonly Triple[],
  keys: string,
  compare: Compare,
): Promise<void> {
  const { gpu, model } = run;
  const full = `${keys}/in_full`;
  const graphs = await readGraphs(gpu, model);
  for (const name of ["image", "text"]) {
    for (const side of ["ui", "iu"] as const) {
      const key = `${full}/graphs_in_use/${name}_${side}_graph`;
      compareGraph(model, file, key, graphs[name]!, side, compare);
    }
  }
  const before = await readParameters(gpu, model);
  const get = (part: string) => at(file, `${full}/${part}`) as Readonly<Record<string, Json>>;
  const [theirG, theirD] = [
    get("generator_parameters_before"),
    get("discriminator_parameters_before"),
  ];
  compareValues(`${full}/generator_parameters_before`, GENERATOR, before, theirG, compare);
  const moved = Object.fromEntries(Object.entries(theirD).filter(([name]) => name !== SHIFT1));
  compareValues(`${full}/discriminator_parameters_before`, DISCRIMINATOR, before, moved, compare);
  setParameters(gpu, model, GENERATOR, (name) => theirG[name]!);
  setParameters(gpu, model, DISCRIMINATOR, (name) => theirD[name]!);
  const d = await lossAndGradients(gpu, model, batch, phaseNamed(model, "discriminator"));
  const shown = Object.entries(DISCRIMINATOR).filter(([, [name]]) => name !== SHIFT1);
  const names = Object.fromEntries(shown);
  compareGradients(file, `${full}/discriminator_gradients`, names, d, compare);
  const after = get("discriminator_parameters_after_its_step");
  setParameters(gpu, model, DISCRIMINATOR, (name) => after[name]!);
  const g = await lossAndGradients(gpu, model, batch, phaseNamed(model, "recommender"));
  compareGradients(file, `${full}/generator_gradients`, GENERATOR, g, compare);
  for (const [name, data] of Object.entries(before)) write(gpu, model.parameters[name]!, data);
}

/** The same steps with the published rate, by which nothing is collected. */
export async function compareDefaultTopK(
  gpu: GpuDevice,
  file: RivalFile,
  input: RivalInput,
  compare: Compare,
): Promise<void> {
  const steps = at(file, "training_steps/steps") as unknown as readonly FileStep[];
  using draws = fileDraws(gpu, file);
  using model = await createModel(gpu, file, input, draws, {
    topkRate: number(file, "config/published_defaults/m_topk_rate"),
  });
  using scratch = new Scratch(gpu);
  using run = startRun(gpu, model, steps.map(({ batch }) => batch), scratch);
  for (const place of steps.keys()) {
    const keys = `training_steps_default_topk/steps/${place}`;
    draws.setNoise(`training_steps/steps/${place}/noise`);
    await runBatch(run, place);
    compareLosses(file, `${keys}/losses`, await lossesOf(run, place), compare);
    const { image } = await readGraphs(run.gpu, run.model);
    const nonzeros = `${keys}/image_ui_graph_nonzeros_for_the_next_step`;
    const count = image!.filter((value) => value !== 0).length / 2;
    if (count !== number(file, nonzeros)) throw new InputError(`${nonzeros} is not ${count}.`);
  }
}
