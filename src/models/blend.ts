/**
 * Blend: models that know different things, together. A user's scores by each are divided by how far they are spread,
 * weighted and added up:
 *
 *     score_ui = Σ_m w_m s_mui / σ_mu      with σ_mu the deviation of s_mu over the items u has not in train
 *
 * Their means are left out: they are the same for all of a user's items, and lists are the user's own.
 *
 * Nothing is trained. The scores are never held: of a model with representations the users' rows are divided and
 * weighted, of sparse products the rows of the first factor, and what is ranked is the sum of inner products and
 * products as of any model.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { fingerprint } from "../data/fingerprint.ts";
import type { PreparationOptions } from "../features/preparation.ts";
import type { Gpu, GpuDevice } from "../gpu/device.ts";
import { createTensor, type Tensor } from "../gpu/tensor.ts";
import { InputError } from "../input_error.ts";
import { scoreDeviations, standardFactors, standardised } from "../ops/ranking/score_deviations.ts";
import type { SparseScores } from "../ops/ranking/sparse_scores.ts";
import { rankedBy } from "../ops/ranking/tiles.ts";
import { defineModel } from "./define_model.ts";
import {
  builtModel,
  type Model,
  type ModelKind,
  type ModelParts,
  NOTHING_TRAINED,
} from "./model.ts";
import { readRepresentations } from "./representations.ts";
import { COMPUTED } from "./shared_presets.ts";

const NO_RUNS: Readonly<Record<string, number>> = {};

const settings = {
  runs: { default: NO_RUNS, from: 0, help: "run folders and their weights" },
} as const;

/** Settings of a blend. */
export interface BlendSettings {
  /** Run folders and their weights. */
  readonly runs: Readonly<Record<string, number>>;
  /** Nothing is drawn at random; all models have it. */
  readonly seed: number;
}

/** A run, as {@linkcode defineBlend} needs it. */
export interface BlendedRun extends Disposable {
  /** What it was trained on. */
  readonly data: Dataset;
  /** Its model. */
  readonly model: Model;
}

/** One model of a blend, with what there is to know of its scores. */
export interface BlendedModel {
  /** The run's folder. */
  readonly folder: string;
  /** Representations of users, then items, rows × width; none where the model has none. */
  readonly vectors?: { readonly data: Float32Array; readonly width: number };
  /** Its sparse products. */
  readonly products: readonly SparseScores[];
  /** σ, per user. */
  readonly deviations: Float64Array;
}

/** Runs, made ready to be blended with any weights. */
export interface Blended extends Disposable {
  /** The models, in the runs' order. */
  readonly models: readonly BlendedModel[];
}

/** Opens a run by its folder. */
export type OpenRun = (
  gpu: Gpu,
  folder: string,
  options: PreparationOptions,
) => Promise<BlendedRun>;

/**
 * Opens runs and measures how far their scores are spread.
 *
 * @throws {InputError} when a run cannot be opened, or is of another dataset.
 * @throws {GpuError} when the GPU fails.
 */
export async function openBlended(
  gpu: GpuDevice,
  data: Dataset,
  folders: readonly string[],
  open: OpenRun,
  options: PreparationOptions = {},
): Promise<Blended> {
  using guard = new DisposableStack();
  const wanted = await fingerprint(data);
  const models: BlendedModel[] = [];
  for (const folder of folders) {
    const run = guard.use(await open(gpu, folder, options));
    if (await fingerprint(run.data) !== wanted) {
      throw new InputError(`${folder} is a run on ${run.data.name}, and not on this ${data.name}.`);
    }
    models.push(await measure(gpu, data, folder, run.model));
  }
  const resources = guard.move();
  return { models, [Symbol.dispose]: () => resources.dispose() };
}

async function measure(
  gpu: GpuDevice,
  data: Dataset,
  folder: string,
  model: Model,
): Promise<BlendedModel> {
  const built = builtModel(model), { products = [] } = built;
  const label = `scores of ${folder}`;
  const deviations = await scoreDeviations(
    gpu,
    label,
    data.train,
    (tape) => rankedBy(data, built.represent?.(tape), products),
  );
  const vectors = built.represent && await readRepresentations(built);
  return { folder, vectors, products, deviations };
}

/** The parts of a blend; of the blended runs, only what is on the GPU has to live as long. */
export function blendParts(
  gpu: GpuDevice,
  data: Dataset,
  { models }: Pick<Blended, "models">,
  weights: Readonly<Record<string, number>>,
): ModelParts {
  const weightOf = ({ folder }: BlendedModel): number => weights[folder] ?? 0;
  const factors = models.map((model) => standardFactors(model.deviations, weightOf(model)));
  using guard = new DisposableStack();
  const h = stackVectors(gpu, data, models, factors);
  if (h) guard.use(h);
  const products = models.flatMap((model) =>
    standardised(model.products, model.deviations, weightOf(model))
  );
  const resources = guard.move();
  return {
    ...NOTHING_TRAINED,
    ...(h ? { represent: () => h } : {}),
    products,
    [Symbol.dispose]: () => resources.dispose(),
  };
}

/** The representations side by side, the users' multiplied with their factors. */
function stackVectors(
  gpu: GpuDevice,
  { userCount, itemCount }: Dataset,
  models: readonly BlendedModel[],
  factors: readonly Float64Array[],
): Tensor | undefined {
  const width = models.reduce((sum, { vectors }) => sum + (vectors?.width ?? 0), 0);
  if (width === 0) return undefined;
  const rows = userCount + itemCount, stacked = new Float32Array(rows * width);
  let column = 0;
  models.forEach(({ vectors }, m) => {
    if (!vectors) return;
    for (let row = 0; row < rows; row++) {
      const factor = row < userCount ? factors[m]![row]! : 1;
      for (let c = 0; c < vectors.width; c++) {
        stacked[row * width + column + c] = factor * vectors.data[row * vectors.width + c]!;
      }
    }
    column += vectors.width;
  });
  return createTensor(gpu, "blended vectors", [rows, width], stacked);
}

/**
 * The kind of model that blends runs.
 *
 * @param open How a run is opened.
 */
export function defineBlend(open: OpenRun): ModelKind<BlendSettings> {
  return defineModel({
    name: "blend",
    title: "Blend of runs, standardised per user",
    settings,
    presets: {
      baby: { model: {}, training: COMPUTED, source: "weights by validation" },
    },
    create: async (gpu, data, { runs }, options) => {
      const folders = Object.keys(runs);
      if (folders.length === 0) throw new InputError("A blend needs runs, as runs/a=1,runs/b=2.");
      using guard = new DisposableStack();
      const blended = guard.use(await openBlended(gpu, data, folders, open, options));
      const parts = guard.use(blendParts(gpu, data, blended, runs));
      const resources = guard.move();
      return { ...parts, [Symbol.dispose]: () => resources.dispose() };
    },
  });
}
