/**
 * BM3: Bootstrap Latent Representations for Multi-modal Recommendation (Zhou, Zhou, Liu, Zeng, Miao, Wang,
 * You & Jiang, WWW 2023).
 *
 * U and I are the users' and items' rows of the mean of E, ÃE, …, Ã^L E; items add their own row of E,
 * I' = I + E_items. One linear layer h, the predictor, is shared by all: H = [h(U); h(I')]. Each modality
 * has projections T = W f + b of its features f. No negatives are used: predictions are drawn to targets,
 * which are the vectors themselves after dropout and get no gradient. With c(x, y) = 1 − the mean cosine of
 * x and y over the batch's pairs (u, i), the loss is
 *
 *     c(h(U_u), drop(I'_i)) + c(h(I'_i), drop(U_u)) + λ (‖U‖_F + ‖I'‖_F) / items
 *         + μ Σ_m [c(h(T_i), drop(I'_i)) + c(h(T_i), drop(T_i))].
 *
 * As in the authors' code (as MMRec has it, enoche/MMRec@e775373): dropout is over whole tables, so that
 * an item has one mask in a batch wherever it comes up; I' and U are penalised by plain Frobenius norms,
 * where the paper has squares; the feature tables are trained. Its 1e-7 beside every degree is left out: it
 * moves weights by less than f32 resolves. Modalities without features are passed over.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { Gpu } from "../gpu/device.ts";
import { createTensors, type Tensor } from "../gpu/tensor.ts";
import { InputError } from "../input_error.ts";
import type { Batch } from "../tape/batch.ts";
import { addToRows, sliceRows } from "../ops/rows/combine.ts";
import { cosineLoss } from "../ops/losses/cosine_loss.ts";
import { drawMask } from "../ops/rows/draw_uniform.ts";
import { dropout } from "../ops/rows/dropout.ts";
import { gatherBatch, type TripleList } from "../ops/rows/gather_batch.ts";
import { linear } from "../ops/rows/linear.ts";
import { type LossTerm, lossTerms } from "../tape/loss_term.ts";
import { normPenalty } from "../ops/losses/norm_penalty.ts";
import {
  createStepwiseConvolution,
  type StepwiseConvolution,
  stepwiseConvolution,
} from "../ops/graphs/stepwise_convolution.ts";
import type { Tape, Variable } from "../tape/tape.ts";
import { interactionGraph } from "../sparse/graphs.ts";
import {
  initialStream,
  linearDefaults,
  stackedTables,
  xavierNormal,
  xavierUniform,
} from "./initial_values.ts";
import {
  constants,
  type Model,
  type ModelKind,
  requireAtLeast,
  requireShape,
  type Variables,
} from "./model.ts";
import {
  featuredModalities,
  type FeaturedModality,
  type InitialLayer,
  projectBatch,
  uploadProjections,
} from "./projected_features.ts";

/** Settings of BM3. */
export interface Bm3Settings {
  /** Embedding width, a multiple of 4 up to 256. */
  readonly dim: number;
  /** Layers of graph convolution (L). */
  readonly layers: number;
  /** Dropout of targets, from 0 to below 1. */
  readonly dropout: number;
  /** Weight of the penalty on norms (λ). */
  readonly regWeight: number;
  /** Weight of the modalities' terms (μ). */
  readonly clWeight: number;
  /** Seed of initial values and masks. */
  readonly seed: number;
}

/** BM3 with what comes before its predictor. */
export interface Bm3 extends Model {
  /** Records U and I', (users + items) × dim. */
  beforePredictor(tape: Tape): Tensor;
}

/** What is kept of targets, 1 or 0: of U and I', (users + items) × dim, and of each modality's T. */
export interface Bm3Masks {
  /** Of U and I'. */
  readonly ids: Tensor;
  /** By modality, items × dim. */
  readonly modalities: Readonly<Record<string, Tensor>>;
}

/** What the loss is recorded from. */
interface Parts {
  readonly userCount: number;
  readonly itemCount: number;
  readonly modalities: readonly string[];
  readonly settings: Bm3Settings;
  readonly convolution: StepwiseConvolution;
  readonly terms: Readonly<Record<string, LossTerm>>;
  readonly masks: Bm3Masks | undefined;
}

/**
 * Uploads BM3 with random embeddings (Xavier uniform) and layers (Xavier normal), and the features
 * themselves.
 *
 * @param masks Taken in the place of drawn ones, where these are known; not owned.
 * @throws {InputError} when a setting is out of range or the dataset has no features.
 */
export async function createBm3(
  gpu: Gpu,
  dataset: Dataset,
  settings: Bm3Settings,
  masks?: Bm3Masks,
): Promise<Bm3> {
  requireSettings(settings);
  const modalities = featuredModalities(dataset, "BM3");
  const { dim, layers } = settings;
  const { train, userCount, itemCount } = dataset;
  using guard = new DisposableStack();
  const { parameters } = guard.use(await uploadParameters(gpu, dataset, modalities, settings));
  const graph = interactionGraph(train);
  const ratios = new Float64Array(dim).fill(1);
  const convolution = guard.use(
    createStepwiseConvolution(gpu, "adjacency", graph, ratios, layers),
  );
  const names = modalities.map(({ name }) => name);
  const terms = bm3Terms(names, settings);
  const parts = { userCount, itemCount, modalities: names, settings, convolution, terms, masks };
  const fixed = constants(parameters);
  const resources = guard.move();
  return {
    name: "bm3",
    userCount,
    itemCount,
    parameters,
    settings: { ...settings },
    lossTerms: terms,
    phases: [{
      name: "training step",
      record: (tape, parameters, batch) => recordLoss(tape, parts, parameters, batch),
    }],
    beforePredictor: (tape) => vectors(tape, parts, fixed).value,
    represent: (tape) => predict(tape, fixed, vectors(tape, parts, fixed)).value,
    [Symbol.dispose]: () => resources.dispose(),
  };
}

/** Embeddings, the predictor, and each modality's features and layer. */
async function uploadParameters(
  gpu: Gpu,
  dataset: Dataset,
  modalities: readonly FeaturedModality[],
  { dim, seed }: Bm3Settings,
): Promise<{ readonly parameters: Readonly<Record<string, Tensor>> } & Disposable> {
  const draw = (name: string, outputs: number, inputs: number): InitialLayer => ({
    weight: xavierNormal(initialStream(seed, `${name}.weight`), outputs, inputs),
    bias: linearDefaults(seed, name, outputs, inputs).bias,
  });
  using guard = new DisposableStack();
  const tables = stackedTables(xavierUniform, seed, dataset, dim);
  const predictor = draw("predictor", dim, dim);
  const { embeddings, weight, bias } = guard.use(createTensors(gpu, {
    embeddings: ["embeddings", [dataset.userCount + dataset.itemCount, dim], tables],
    weight: ["predictor.weight", [dim, dim], predictor.weight],
    bias: ["predictor.bias", [dim], predictor.bias],
  }));
  const { parameters } = guard.use(await uploadProjections(gpu, modalities, dim, draw));
  const resources = guard.move();
  return {
    parameters: {
      embeddings,
      "predictor.weight": weight,
      "predictor.bias": bias,
      ...parameters,
    },
    [Symbol.dispose]: () => resources.dispose(),
  };
}

/** Two terms between users and items, the penalty, and two terms of each modality. */
function bm3Terms(
  modalities: readonly string[],
  { regWeight, clWeight }: Bm3Settings,
): Readonly<Record<string, LossTerm>> {
  const ofModalities = modalities.flatMap((name) => [
    [`${name}.to_item`, clWeight],
    [`${name}.to_itself`, clWeight],
  ]);
  return lossTerms({
    user_to_item: 1,
    item_to_user: 1,
    norms: regWeight,
    ...Object.fromEntries(ofModalities),
  });
}

/** Records U and I', users and items stacked. */
function vectors(
  tape: Tape,
  { userCount, itemCount, convolution }: Parts,
  { embeddings }: Variables,
): Variable {
  const mean = stepwiseConvolution(tape, convolution, embeddings!);
  return addToRows(tape, mean, sliceRows(tape, embeddings!, userCount, itemCount), userCount);
}

/** Records h(x). */
function predict(tape: Tape, parameters: Variables, x: Variable): Variable {
  return linear(tape, x, parameters["predictor.weight"]!, parameters["predictor.bias"]!);
}

function recordLoss(
  tape: Tape,
  parts: Parts,
  parameters: Variables,
  batch: Batch,
): void {
  const { userCount, itemCount, modalities, settings: { dim }, terms, masks } = parts;
  const all = vectors(tape, parts, parameters);
  const ranges = [
    { firstRow: 0, rowCount: userCount },
    { firstRow: userCount, rowCount: itemCount },
  ];
  normPenalty(tape, all, ranges, batch, terms.norms!, itemCount);
  const step: Step = { tape, parts, batch };
  const rows = (list: TripleList): Variable =>
    gatherBatch(tape, all, batch, [list], { firstRow: 0, userCount });
  const users = rows("user"), items = rows("positive");
  const kept = maskOf(step, "ids", [userCount + itemCount, dim], masks?.ids);
  const userTargets = target(step, users, kept, "user", 0);
  const itemTargets = target(step, items, kept, "positive", 0);
  if (kept) tape.release(kept);
  cosineLoss(tape, predict(tape, parameters, users), itemTargets, batch, terms.user_to_item!);
  cosineLoss(tape, predict(tape, parameters, items), userTargets, batch, terms.item_to_user!);
  for (const name of modalities) {
    const projected = projectBatch(tape, parameters, name, batch, ["positive"], userCount);
    const kept = maskOf(step, name, [itemCount, dim], masks?.modalities[name]);
    const targets = target(step, projected, kept, "positive", userCount);
    if (kept) tape.release(kept);
    const predicted = predict(tape, parameters, projected);
    cosineLoss(tape, predicted, itemTargets, batch, terms[`${name}.to_item`]!);
    cosineLoss(tape, predicted, targets, batch, terms[`${name}.to_itself`]!);
  }
}

/** The loss of a batch while it is recorded. */
interface Step {
  readonly tape: Tape;
  readonly parts: Parts;
  readonly batch: Batch;
}

/** What is kept of a table in the current batch: the given mask, one drawn, or none without dropout. */
function maskOf(
  { tape, parts: { settings: { dropout, seed } }, batch }: Step,
  name: string,
  shape: readonly number[],
  given: Tensor | undefined,
): Tensor | undefined {
  if (given || dropout === 0) return given;
  return drawMask(tape, shape, dropout, initialStream(seed, `mask of ${name}`)(), batch);
}

/**
 * Records a batch's rows after dropout, without a gradient.
 *
 * @param kept What is kept of the table that the rows come from; its first row stands for `firstRow` of H.
 */
function target(
  { tape, parts: { userCount, settings }, batch }: Step,
  { value }: Variable,
  kept: Tensor | undefined,
  list: TripleList,
  firstRow: number,
): Variable {
  const stopped: Variable = { value, constant: true };
  if (!kept) return stopped;
  const mask = { value: kept, constant: true };
  const rows = gatherBatch(tape, mask, batch, [list], { firstRow, userCount });
  return dropout(tape, stopped, rows.value, settings.dropout);
}

function requireSettings(settings: Bm3Settings): void {
  requireShape(settings);
  requireAtLeast("reg-weight", settings.regWeight, 0);
  requireAtLeast("cl-weight", settings.clWeight, 0);
  if (!(settings.dropout >= 0 && settings.dropout < 1)) {
    throw new InputError(`dropout is ${settings.dropout}, but must be from 0 to below 1.`);
  }
}

/**
 * BM3 as it is offered to people. The preset of Baby is that of RecBoard (MTandHJ/RecBoard@085110b), the
 * STAIR authors' own collection; MMRec gives search grids only.
 */
export const bm3: ModelKind = {
  title: "BM3 (Zhou et al., WWW 2023)",
  settings: {
    dim: { value: 64, help: "embedding width, a multiple of 4 up to 256" },
    layers: { value: 1, help: "layers of graph convolution" },
    dropout: { value: 0.5, help: "share of the targets' numbers that is dropped" },
    regWeight: { value: 0.1, help: "weight of the penalty on the norms of all vectors" },
    clWeight: { value: 2, help: "weight of the modalities' terms" },
  },
  presets: {
    baby: {
      model: {},
      training: { learningRate: 1e-3, weightDecay: 0, l2: 1e-4, batchSize: 2048, epochs: 500 },
    },
    shop: {
      model: {},
      training: { learningRate: 0.01, weightDecay: 0, batchSize: 512, epochs: 200, patience: 5 },
    },
  },
  create: (gpu, dataset, settings) => createBm3(gpu, dataset, settings as unknown as Bm3Settings),
};
