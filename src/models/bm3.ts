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
import type { GpuDevice } from "../gpu/device.ts";
import { createTensors, type Tensor } from "../gpu/tensor.ts";
import type { Batch } from "../tape/batch.ts";
import { addToRows, sliceRows } from "../ops/rows/combine.ts";
import { cosineLoss } from "../ops/losses/cosine_loss.ts";
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
import { defineModel } from "./define_model.ts";
import { type Draws, seededDraws } from "./draws.ts";
import {
  initialStream,
  linearDefaults,
  stackedTables,
  xavierNormal,
  xavierUniform,
} from "./initial_values.ts";
import { constants, type ModelKind, type ModelParts, type Variables } from "./model.ts";
import {
  featuredModalities,
  type FeaturedModality,
  type InitialLayer,
  projectBatch,
  uploadProjections,
} from "./projected_features.ts";
import { EMBEDDING_WIDTH, type SettingsOf } from "./settings.ts";
import { RECBOARD, SHOP } from "./shared_presets.ts";

const settings = {
  dim: EMBEDDING_WIDTH,
  layers: { default: 1, from: 0, whole: true, help: "layers of graph convolution (L)" },
  dropout: {
    default: 0.5,
    from: 0,
    below: 1,
    help: "share of the targets' numbers that is dropped",
  },
  regWeight: {
    default: 0.1,
    from: 0,
    help: "weight of the penalty on the norms of all vectors (λ)",
  },
  clWeight: { default: 2, from: 0, help: "weight of the modalities' terms (μ)" },
} as const;

/** All settings of BM3. */
export type Bm3Settings = SettingsOf<typeof settings>;

/**
 * The preset of Baby is that of RecBoard (MTandHJ/RecBoard@085110b), the STAIR authors' own collection; MMRec
 * gives search grids only.
 */
export const bm3: ModelKind<SettingsOf<typeof settings>> = defineModel({
  name: "bm3",
  title: "BM3 (Zhou et al., WWW 2023)",
  settings,
  presets: {
    baby: {
      model: {},
      training: { learningRate: 1e-3, weightDecay: 0, l2: 1e-4, batchSize: 2048, epochs: 500 },
      source: RECBOARD,
    },
    shop: SHOP,
  },
  create,
});

/** Uploads random embeddings (Xavier uniform) and layers (Xavier normal), and the features themselves. */
async function create(
  gpu: GpuDevice,
  dataset: Dataset,
  settings: Bm3Settings,
): Promise<ModelParts> {
  const modalities = featuredModalities(dataset, "BM3");
  using guard = new DisposableStack();
  const { parameters } = guard.use(await uploadParameters(gpu, dataset, modalities, settings));
  const data = guard.use(prepareBm3(gpu, dataset, settings));
  const draws = seededDraws(settings.seed);
  const fixed = constants(parameters);
  const resources = guard.move();
  return {
    parameters,
    lossTerms: data.terms,
    phases: [{
      name: "training step",
      record: (tape, parameters, batch) => recordLoss(tape, data, parameters, batch, draws),
    }],
    represent: (tape) => predict(tape, fixed, beforePredictor(tape, data, fixed)).value,
    [Symbol.dispose]: () => resources.dispose(),
  };
}

/** Embeddings, the predictor, and each modality's features and layer. */
async function uploadParameters(
  gpu: GpuDevice,
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

/** What BM3 computes over, beside its parameters. */
export interface Bm3Data extends Disposable {
  readonly userCount: number;
  readonly itemCount: number;
  /** Names of those that have features. */
  readonly modalities: readonly string[];
  readonly settings: Bm3Settings;
  /** The mean of E, ÃE, …, Ã^L E. */
  readonly convolution: StepwiseConvolution;
  /** Two terms between users and items, the penalty, and two terms of each modality. */
  readonly terms: Readonly<Record<string, LossTerm>>;
}

/** Uploads the graph of users and items. */
export function prepareBm3(gpu: GpuDevice, dataset: Dataset, settings: Bm3Settings): Bm3Data {
  const { dim, layers, regWeight, clWeight } = settings;
  const { train, userCount, itemCount } = dataset;
  const modalities = featuredModalities(dataset, "BM3").map(({ name }) => name);
  const ofModalities = modalities.flatMap((name) => [
    [`${name}.to_item`, clWeight],
    [`${name}.to_itself`, clWeight],
  ]);
  const terms = lossTerms<string>({
    user_to_item: 1,
    item_to_user: 1,
    norms: regWeight,
    ...Object.fromEntries(ofModalities),
  });
  const ratios = new Float64Array(dim).fill(1);
  const graph = interactionGraph(train);
  const convolution = createStepwiseConvolution(gpu, "adjacency", graph, ratios, layers);
  return {
    userCount,
    itemCount,
    modalities,
    settings,
    convolution,
    terms,
    [Symbol.dispose]: () => convolution[Symbol.dispose](),
  };
}

/** Records U and I', users and items stacked. */
export function beforePredictor(
  tape: Tape,
  { userCount, itemCount, convolution }: Bm3Data,
  { embeddings }: Variables,
): Variable {
  const mean = stepwiseConvolution(tape, convolution, embeddings!);
  return addToRows(tape, mean, sliceRows(tape, embeddings!, userCount, itemCount), userCount);
}

/** Records the predictor, h(x). */
function predict(tape: Tape, parameters: Variables, x: Variable): Variable {
  return linear(tape, x, parameters["predictor.weight"]!, parameters["predictor.bias"]!);
}

/**
 * Records the loss.
 *
 * @param draws Where the masks of targets come from: of `ids`, (users + items) × dim, and of each modality,
 * items × dim.
 */
export function recordLoss(
  tape: Tape,
  data: Bm3Data,
  parameters: Variables,
  batch: Batch,
  draws: Pick<Draws, "mask">,
): void {
  const { userCount, itemCount, modalities, settings: { dim }, terms } = data;
  const all = beforePredictor(tape, data, parameters);
  const ranges = [
    { firstRow: 0, rowCount: userCount },
    { firstRow: userCount, rowCount: itemCount },
  ];
  normPenalty(tape, all, ranges, batch, terms.norms!, { divisor: itemCount });
  const step: Step = { tape, data, batch, draws };
  const rows = (list: TripleList): Variable =>
    gatherBatch(tape, all, batch, [list], { firstRow: 0, userCount });
  const users = rows("user"), items = rows("positive");
  const kept = maskOf(step, "ids", [userCount + itemCount, dim]);
  const userTargets = target(step, users, kept, "user", 0);
  const itemTargets = target(step, items, kept, "positive", 0);
  if (kept) tape.release(kept);
  cosineLoss(tape, predict(tape, parameters, users), itemTargets, batch, terms.user_to_item!);
  cosineLoss(tape, predict(tape, parameters, items), userTargets, batch, terms.item_to_user!);
  for (const name of modalities) {
    const projected = projectBatch(tape, parameters, name, batch, ["positive"], userCount);
    const kept = maskOf(step, name, [itemCount, dim]);
    const targets = target(step, projected, kept, "positive", userCount);
    if (kept) tape.release(kept);
    const predicted = predict(tape, parameters, projected);
    cosineLoss(tape, predicted, itemTargets, batch, terms[`${name}.to_item`]!);
    cosineLoss(tape, predicted, targets, batch, terms[`${name}.to_itself`]!);
  }
}

/** What the terms of the loss share while they are recorded. */
interface Step {
  readonly tape: Tape;
  readonly data: Bm3Data;
  readonly batch: Batch;
  readonly draws: Pick<Draws, "mask">;
}

/** What is kept of a table in the current batch, 1 or 0; nothing is dropped without dropout. */
function maskOf(
  { tape, data: { settings: { dropout } }, batch, draws }: Step,
  name: string,
  shape: readonly number[],
): Tensor | undefined {
  return dropout === 0 ? undefined : draws.mask(tape, `mask of ${name}`, shape, dropout, batch);
}

/**
 * Records a batch's rows after dropout, without a gradient.
 *
 * @param kept What is kept of the table that the rows come from; its first row stands for `firstRow` of H.
 */
function target(
  { tape, data: { userCount, settings }, batch }: Step,
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
