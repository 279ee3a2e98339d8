/**
 * Replays mmssl.json.
 *
 * @module
 */
import type { Gpu } from "../../gpu/device.ts";
import { Scratch } from "../../gpu/scratch.ts";
import { createTensor, readFloats, readIntegers, type Tensor, write } from "../../gpu/tensor.ts";
import { InputError } from "../../input_error.ts";
import { createMmssl, type Mmssl, type MmsslSettings } from "../../models/mmssl.ts";
import {
  discriminate,
  firstProduct,
  interactionRows,
  SCORE_SCALE,
  similarityRows,
} from "../../models/mmssl/discriminator.ts";
import type { Draws } from "../../models/mmssl/draws.ts";
import { generate } from "../../models/mmssl/generator.ts";
import type { Variables } from "../../models/model.ts";
import { createTripleTensors } from "../../ops/bpr_loss.ts";
import { stackRows } from "../../ops/combine.ts";
import { recordSigmoid } from "../../ops/sigmoid.ts";
import { Tape, type Variable } from "../../ops/tape.ts";
import { gatherBatches, uploadEpoch } from "../../training/sampler.ts";
import { createTrainingStep, type TrainingStep } from "../../training/training_step.ts";
import {
  batchOf,
  type Compare,
  flatten,
  type Gradients,
  lossAndGradients,
  type Nested,
  represent,
  type Triple,
} from "../replay.ts";
import { at, type Json, number, numbers, type RivalFile, type RivalInput } from "../rival_file.ts";
import { compareForward, type RivalCheck } from "./rival_check.ts";

type Names = Readonly<Record<string, readonly string[]>>;

/** Our parameters and the file's. Not ours are w_q and two biases, which nothing depends on. */
const GENERATOR: Names = {
  embeddings: ["G.user_id_embedding.weight", "G.item_id_embedding.weight"],
  attention: ["G.weight_dict.w_self_attention_cat"],
  "image.weight": ["G.image_trans.weight"],
  "image.bias": ["G.image_trans.bias"],
  "text.weight": ["G.text_trans.weight"],
  "text.bias": ["G.text_trans.bias"],
};
const DISCRIMINATOR: Names = {
  "discriminator.weight1": ["D.net.0.weight"],
  "discriminator.scale1": ["D.net.2.weight"],
  "discriminator.shift1": ["D.net.2.bias"],
  "discriminator.weight2": ["D.net.4.weight"],
  "discriminator.scale2": ["D.net.6.weight"],
  "discriminator.shift2": ["D.net.6.bias"],
  "discriminator.weight3": ["D.net.8.weight"],
  "discriminator.bias3": ["D.net.8.bias"],
};

/** Whose gradient is zero as long as nothing is dropped: rounding alone would be compared. */
const SHIFT1 = "D.net.2.bias";

/** Masks as the file calls them, by their use here. */
const MASKS: Readonly<Record<string, string>> = {
  "discriminator image": "model_image",
  "discriminator text": "model_text",
  "fake 1": "D_fake_1",
  "fake 2": "D_fake_2",
  "real 1": "D_real_1",
  "real 2": "D_real_2",
  "mixed 1": "D_mix_1",
  "mixed 2": "D_mix_2",
  "recommender image": "G_model_image",
  "recommender text": "G_model_text",
  "generated 1": "D_gen_1",
  "generated 2": "D_gen_2",
};

/** Everything but what nothing depends on. */
export const checkMmssl: RivalCheck = async (gpu, file, input, compare) => {
  await compareMain(gpu, file, input, compare);
  await compareDropout(gpu, file, input, compare);
  await compareTraining(gpu, file, input, compare);
  await compareDefaultTopK(gpu, file, input, compare);
};

/** Random numbers of the file, by their use. */
interface FileDraws extends Draws, Disposable {
  /** Replaces the noise. */
  setNoise(keys: string): void;
}

function fileDraws(gpu: Gpu, file: RivalFile): FileDraws {
  const tensors = new DisposableStack();
  const upload = (label: string, nested: Nested): Tensor => {
    const data = Float32Array.from(flatten(nested));
    return tensors.use(createTensor(gpu, label, [data.length], data));
  };
  const masks = new Map<string, Tensor>();
  const given = at(file, "with_dropout/dropout_masks") as unknown as readonly {
    readonly use: string;
    readonly mask: Nested;
  }[];
  for (const { use, mask } of given) masks.set(use, upload(use, mask));
  const uniforms: Readonly<Record<string, readonly [key: string, tensor: Tensor]>> = {
    "interactions": [
      "gumbel_uniform",
      upload("noise", numbers(file, "noise/gumbel_uniform")),
    ],
    "mixtures": ["penalty_mix", upload("mixtures", numbers(file, "noise/penalty_mix"))],
  };
  return {
    mask: (_, use, shape) => ({ ...masks.get(MASKS[use]!)!, shape }),
    uniform: (_, use, shape) => ({ ...uniforms[use]![1], shape }),
    setNoise: (keys) => {
      for (const [key, tensor] of Object.values(uniforms)) {
        write(gpu, tensor, Float32Array.from(flatten(numbers(file, `${keys}/${key}`))));
      }
    },
    [Symbol.dispose]: () => tensors.dispose(),
  };
}

/** The model with the file's settings and parameters. */
async function createModel(
  gpu: Gpu,
  file: RivalFile,
  { dataset }: RivalInput,
  draws: Draws,
  changed: Partial<MmsslSettings> = {},
): Promise<Mmssl> {
  const config = (key: string): number => number(file, `config/${key}`);
  // The file has the image's rows before the text's.
  const modalities = dataset.modalities.toReversed();
  const model = await createMmssl(gpu, { ...dataset, modalities }, {
    dim: config("embed_size"),
    layers: flatten(numbers(file, "config/weight_size")).length,
    regWeight: config("decay"),
    clRate: config("cl_rate"),
    tau: config("tau"),
    featRegDecay: config("feat_reg_decay"),
    gRate: config("G_rate"),
    modelCatRate: config("model_cat_rate"),
    idCatRate: config("id_cat_rate"),
    topkRate: config("m_topk_rate"),
    dropRate: config("drop_rate"),
    gDrop1: config("G_drop1"),
    gDrop2: config("G_drop2"),
    keepModalGraphs: false,
    seed: 1,
    ...changed,
  }, draws);
  const values = (prefix: string) => (name: string) => at(file, `${prefix}/${name}/values`);
  setParameters(gpu, model, GENERATOR, values("parameters"));
  setParameters(gpu, model, DISCRIMINATOR, values("discriminator/parameters"));
  return model;
}

function setParameters(
  gpu: Gpu,
  model: Mmssl,
  names: Names,
  values: (name: string) => Json,
): void {
  for (const [ours, theirs] of Object.entries(names)) {
    const data = theirs.flatMap((name) => flatten(values(name) as Nested));
    write(gpu, model.parameters[ours]!, Float32Array.from(data));
  }
}

function phaseNamed({ phases }: Mmssl, wanted: "discriminator" | "recommender") {
  return phases.find(({ name }) => name === wanted)!;
}

/** Representations, both losses and their gradients without dropout. */
async function compareMain(
  gpu: Gpu,
  file: RivalFile,
  input: RivalInput,
  compare: Compare,
): Promise<void> {
  using draws = fileDraws(gpu, file);
  using model = await createModel(gpu, file, input, draws);
  await compareForward(gpu, model, file, compare);
  await compareParts(gpu, model, file, compare);
  await compareScores(gpu, model, file, input, draws, compare);
  const { batch } = input;
  const d = await lossAndGradients(gpu, model, batch, phaseNamed(model, "discriminator"));
  compareLosses(file, "discriminator/loss/terms", discriminatorLosses(model, d.terms), compare);
  compare(
    "discriminator/loss/total",
    [discriminatorLosses(model, d.terms).loss_D!],
    number(file, "discriminator/loss/total"),
  );
  const shown = Object.entries(DISCRIMINATOR).filter(([, [name]]) => name !== SHIFT1);
  compareGradients(file, "discriminator/gradients", Object.fromEntries(shown), d, compare);
  const g = await lossAndGradients(gpu, model, batch, phaseNamed(model, "recommender"));
  compareLosses(file, "loss/terms", generatorLosses(model, g.terms), compare);
  compare("loss/total", [generatorLosses(model, g.terms).loss_G!], number(file, "loss/total"));
  compareGradients(file, "gradients", GENERATOR, g, compare);
}

/** Records something over the model's parameters, runs it, and reads what it gives. */
async function runOnce(
  gpu: Gpu,
  model: Mmssl,
  record: (tape: Tape, parameters: Variables) => readonly Tensor[],
): Promise<Float32Array<ArrayBuffer>[]> {
  using scratch = new Scratch(gpu);
  const tape = new Tape(gpu, "golden", scratch);
  const constants = Object.entries(model.parameters).map(([name, value]) =>
    [name, { value, constant: true }] as const
  );
  const results = record(tape, Object.fromEntries(constants));
  using program = tape.program;
  program.run();
  return await readFloats(gpu, ...results);
}

/** What every modality contributes. */
async function compareParts(
  gpu: Gpu,
  model: Mmssl,
  file: RivalFile,
  compare: Compare,
): Promise<void> {
  const read = await runOnce(
    gpu,
    model,
    (tape, parameters) =>
      generate(tape, model.data, parameters).parts.flatMap(({ features, neighbours }) => [
        features.value,
        neighbours.value,
      ]),
  );
  const names = model.data.modalities.flatMap(({ name }) => [[name, ""], [name, "_id"]]);
  names.forEach(([modality, suffix], place) => {
    const stacked = read[place]!;
    const split = stacked.length / (model.userCount + model.itemCount) * model.userCount;
    const [users, items] = [stacked.subarray(0, split), stacked.subarray(split)];
    for (const [side, ours] of [["user", users], ["item", items]] as const) {
      const key = `forward/${modality}_${side}${suffix}`;
      compare(key, ours, numbers(file, key));
    }
  });
}

/** What the discriminator sees, and its scores. */
async function compareScores(
  gpu: Gpu,
  model: Mmssl,
  file: RivalFile,
  { batch }: RivalInput,
  draws: Draws,
  compare: Compare,
): Promise<void> {
  const [shape, epoch] = batchOf(model, batch);
  using batches = createTripleTensors(gpu, shape, 1);
  uploadEpoch(gpu, batches, epoch, 0);
  const { data } = model;
  const read = await runOnce(gpu, model, (tape, parameters) => {
    const pass = { parameters, batches, draws, rates: [0, 0] as const };
    const { h, parts } = generate(tape, data, parameters);
    const rows = parts.map(({ features }) => similarityRows(tape, features, data, batches));
    const fake = stackRows(tape, rows);
    const real = interactionRows(tape, h, data, pass);
    const score = (use: string, input: Variable, copies: number): Tensor => {
      const product = firstProduct(tape, input, parameters);
      const { logit } = discriminate(tape, use, product, pass, copies);
      return recordSigmoid(tape, logit.value, SCORE_SCALE);
    };
    return [
      fake.value,
      stackRows(tape, [real, real]).value,
      score("fake", fake, 1),
      score("real", real, 2),
    ];
  });
  const [fake, real, fakeScores, realScores] = read as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const compareAt = (key: string, ours: Float32Array): void =>
    compare(`discriminator/${key}`, ours, numbers(file, `discriminator/${key}`));
  compareAt("input_fake", fake);
  compareAt("input_real", real);
  compareAt("generator_side_input", fake);
  compareAt("output_fake", fakeScores);
  compareAt("output_real", realScores);
  compareAt("generator_side_output", fakeScores);
}

type Losses = Readonly<Record<string, number>>;

/** The discriminator's losses by the file's names. */
function discriminatorLosses({ lossTerms }: Mmssl, terms: Losses): Losses {
  const { realScore: D_real_mean, fakeScore: D_fake_mean } = terms as Record<string, number>;
  const gradient_penalty = lossTerms.gradientPenalty!.weight * terms.gradientPenalty!;
  const loss_D = D_fake_mean! - D_real_mean! + gradient_penalty;
  return { D_real_mean: D_real_mean!, D_fake_mean: D_fake_mean!, gradient_penalty, loss_D };
}

/** The recommender's likewise. */
function generatorLosses({ lossTerms }: Mmssl, terms: Losses): Losses {
  const weighted = (name: string): number => lossTerms[name]!.weight * terms[name]!;
  const total = Object.keys(lossTerms).filter((name) => !lossTerms[name]!.apart)
    .reduce((sum, name) => sum + weighted(name), 0);
  return {
    bpr: terms.bpr!,
    embedding_l2_weighted: weighted("squares"),
    feature_l2_weighted: weighted("features.image") + weighted("features.text"),
    contrastive_image: terms["contrast.image"]!,
    contrastive_text: terms["contrast.text"]!,
    G_adversarial: terms.adversarial!,
    loss_G: total,
  };
}

/** Compares those losses that the file has under a key. */
function compareLosses(file: RivalFile, keys: string, losses: Losses, compare: Compare): void {
  const theirs = at(file, keys) as Readonly<Record<string, Json>>;
  for (const [name, ours] of Object.entries(losses).filter(([name]) => name in theirs)) {
    compare(`${keys}/${name}`, [ours], number(file, `${keys}/${name}`));
  }
}

/** Compares those gradients that the file has under a key. */
function compareGradients(
  file: RivalFile,
  keys: string,
  names: Names,
  { gradients }: Pick<Gradients, "gradients">,
  compare: Compare,
): void {
  const values = at(file, keys) as Readonly<Record<string, Json>>;
  compareValues(keys, names, gradients, values, compare);
}

/** Compares arrays by the file's names, as far as it has them. */
function compareValues(
  keys: string,
  names: Names,
  ours: Readonly<Record<string, Float32Array>>,
  values: Readonly<Record<string, Json>>,
  compare: Compare,
): void {
  for (const [name, theirs] of Object.entries(names)) {
    let from = 0;
    for (const their of theirs.filter((their) => their in values)) {
      const expected = values[their] as Nested;
      const to = from + flatten(expected).length;
      compare(`${keys}/${their}`, ours[name]!.subarray(from, to), expected);
      from = to;
    }
  }
}

/** Both losses and gradients with the file's masks. */
async function compareDropout(
  gpu: Gpu,
  file: RivalFile,
  input: RivalInput,
  compare: Compare,
): Promise<void> {
  using draws = fileDraws(gpu, file);
  const published = (key: string): number => number(file, `config/published_defaults/${key}`);
  using model = await createModel(gpu, file, input, draws, {
    dropRate: published("drop_rate"),
    gDrop1: published("G_drop1"),
    gDrop2: published("G_drop2"),
  });
  const { batch } = input;
  const d = await lossAndGradients(gpu, model, batch, phaseNamed(model, "discriminator"));
  const g = await lossAndGradients(gpu, model, batch, phaseNamed(model, "recommender"));
  const losses = { ...discriminatorLosses(model, d.terms), ...generatorLosses(model, g.terms) };
  compareLosses(file, "with_dropout", losses, compare);
  compareLosses(file, "with_dropout/terms", losses, compare);
  compareGradients(file, "with_dropout/gradients", GENERATOR, g, compare);
  compareGradients(file, "with_dropout/discriminator_gradients", DISCRIMINATOR, d, compare);
}

/** A model in training on the file's batches. */
interface Run {
  readonly gpu: Gpu;
  readonly model: Mmssl;
  readonly step: TrainingStep;
}

/** Gets the file's batches ready, with both optimizers. */
function startRun(
  gpu: Gpu,
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
  const step = createTrainingStep(gpu, model, shape, settings, scratch);
  step.load(epoch, 0, 1);
  return { gpu, model, step, [Symbol.dispose]: () => step[Symbol.dispose]() };
}

/** Runs a batch: each phase, and what comes after it. */
async function runBatch({ gpu, model, step }: Run, batch: number): Promise<void> {
  const phases = model.phases.filter(({ appliesTo }) => appliesTo?.(batch) ?? true);
  for (const [place, program] of step.programsOf(batch).entries()) {
    program.run();
    await gpu.finish();
    const after = phases[place]?.after;
    if (after?.appliesTo(batch)) await after.run(batch);
  }
}

/** The losses of a batch that was run. */
async function lossesOf({ gpu, model, step }: Run, batch: number): Promise<Losses> {
  const [table] = await readFloats(gpu, step.batches.terms);
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
async function compareTraining(
  gpu: Gpu,
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
async function readParameters(gpu: Gpu, { parameters }: Mmssl) {
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

/** The graphs of modalities as dense (users + items)² matrices. */
async function readGraphs({ gpu, model }: Run): Promise<Record<string, Float64Array>> {
  const nodes = model.userCount + model.itemCount;
  const dense: Record<string, Float64Array> = {};
  for (const { name, graph: { matrix } } of model.data.modalities) {
    const [[rowStart, column], [value]] = await Promise.all([
      readIntegers(gpu, matrix.rowStart, matrix.column),
      readFloats(gpu, matrix.value),
    ]);
    dense[name] = new Float64Array(nodes * nodes);
    for (let row = 0; row < nodes; row++) {
      for (let entry = rowStart![row]!; entry < rowStart![row + 1]!; entry++) {
        dense[name][row * nodes + column![entry]!]! += value![entry]!;
      }
    }
  }
  return dense;
}

/** Compares a graph with the file's list of [row, column, value], users × items or items × users. */
function compareGraph(
  { model: { userCount, itemCount } }: Run,
  file: RivalFile,
  key: string,
  ours: Float64Array,
  side: "ui" | "iu",
  compare: Compare,
): void {
  const entries = at(file, key) as unknown as readonly (readonly [number, number, number])[];
  const nodes = userCount + itemCount;
  const [rows, columns] = side === "ui" ? [userCount, itemCount] : [itemCount, userCount];
  const [firstRow, firstColumn] = side === "ui" ? [0, userCount] : [userCount, 0];
  const theirs = new Array<number>(rows * columns).fill(0);
  for (const [row, column, value] of entries) theirs[row * columns + column] = value;
  const block = theirs.map((_, i) =>
    ours[(firstRow + Math.floor(i / columns)) * nodes + firstColumn + i % columns]!
  );
  compare(key, block, theirs);
}

async function compareNextGraphs(
  run: Run,
  file: RivalFile,
  keys: string,
  compare: Compare,
): Promise<void> {
  const { image, text } = await readGraphs(run);
  compareGraph(run, file, `${keys}/image_ui_graph_for_the_next_step`, image!, "ui", compare);
  compareGraph(run, file, `${keys}/text_iu_graph_for_the_next_step`, text!, "iu", compare);
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
  const graphs = await readGraphs(run);
  for (const name of ["image", "text"]) {
    for (const side of ["ui", "iu"] as const) {
      const key = `${full}/graphs_in_use/${name}_${side}_graph`;
      compareGraph(run, file, key, graphs[name]!, side, compare);
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
async function compareDefaultTopK(
  gpu: Gpu,
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
    const { image } = await readGraphs(run);
    const nonzeros = `${keys}/image_ui_graph_nonzeros_for_the_next_step`;
    const count = image!.filter((value) => value !== 0).length / 2;
    if (count !== number(file, nonzeros)) throw new InputError(`${nonzeros} is not ${count}.`);
  }
}
