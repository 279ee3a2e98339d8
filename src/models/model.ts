/**
 * What a model is: opaque where it is used, and to training and ranking its parameters, its losses and
 * how a step is recorded.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { PreparationOptions } from "../features/preparation.ts";
import type { Gpu, GpuDevice } from "../gpu/device.ts";
import type { Scratch } from "../gpu/scratch.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { InputError } from "../input_error.ts";
import type { CandidateRows, SparseScores } from "../ops/ranking/sparse_scores.ts";
import type { AdamSettings, OptimizedTensor, Pace } from "../tape/adamw.ts";
import type { Batch } from "../tape/batch.ts";
import type { LossTerm } from "../tape/loss_term.ts";
import type { Tape, Variable } from "../tape/tape.ts";

/**
 * A recommender on a GPU, as {@linkcode ModelKind.create} makes it: to be trained, evaluated, asked for
 * recommendations and saved. What it is made of is no part of this type.
 */
export interface Model extends Disposable {
  /** Name of its kind, in run folders and tables. */
  readonly name: string;
  /** Number of users. */
  readonly userCount: number;
  /** Number of items. */
  readonly itemCount: number;
  /** All settings it was made with. */
  readonly settings: Readonly<
    Record<string, number | boolean | Readonly<Record<string, number>>>
  >;
}

/**
 * What a model consists of. The score of user u and item i is ⟨h_u, h_i⟩ + Σ_p (A_p B_p)_ui: an inner product of
 * representations, numbers of sparse products, or the sum of both. A model has one or the other at least.
 */
export interface ModelParts extends Disposable {
  /** What is trained, by name. */
  readonly parameters: Readonly<Record<string, Tensor>>;
  /** State that is not trained but belongs in checkpoints. */
  readonly buffers?: Readonly<Record<string, Tensor>>;
  /** The terms of its losses by name; the reported loss is their weighted sum, without those kept apart. */
  readonly lossTerms: Readonly<Record<string, LossTerm>>;
  /**
   * The programs of a step; each batch runs those that apply to it, in this order. None where the model was computed
   * when it was made, and is not trained.
   */
  readonly phases: readonly Phase[];
  /** Records the representations H used for ranking, (users + items) × width. */
  represent?(tape: Tape): Tensor;
  /** Products A B, users × items, used for ranking, such as of what users have with lists of similar items. */
  readonly products?: readonly SparseScores[];
  /** Of each item the similar ones, where the model says so itself; by the cosines of H otherwise. */
  readonly similarItems?: CandidateRows;
  /** For a model that is trained as a whole, with no batches and no phases: makes what runs its epochs. */
  createSweep?(scratch: Scratch): Sweep;
  /** Prepares an epoch, counted from 1. Random draws depend on the seed and this number alone. */
  beginEpoch?(epoch: number): void;
  /** What the learning rate is multiplied with in an epoch, from 1. */
  learningRateFactor?(epoch: number): number;
}

/** The parts of a model that is computed when it is made, but for what ranks. */
export const NOTHING_TRAINED = { parameters: {}, lossTerms: {}, phases: [] } as const;

/** A model with what it is made of, for training and ranking. */
export interface BuiltModel extends Model, ModelParts {
  /** Where its tensors are. */
  readonly gpu: GpuDevice;
  /** What made it. */
  readonly kind: ModelKind;
  /** How its preset trains it. */
  readonly training: TrainingSettings;
}

/** What trains a model as a whole, such as by solving for all users, then for all items. */
export interface Sweep extends Disposable {
  /**
   * Trains an epoch.
   *
   * @returns The loss after it.
   * @throws {GpuError} when the GPU fails.
   */
  run(): Promise<number>;
}

/** One loss and one step of the optimizer on it. */
export interface Phase {
  /** Name in messages. */
  readonly name: string;
  /** Names of the parameters it trains; all unless told. */
  readonly trains?: readonly string[];
  /** Optimizer settings that differ from the run's. */
  readonly optimizer?: Partial<AdamSettings>;
  /** Whether the phase runs in a batch, counted from 0 in each epoch; it runs in all if this is left out. */
  appliesTo?(batch: number): boolean;
  /**
   * Records the loss of the current batch and leaves its adjoints on the tape. A parameter that gets no
   * gradient is trained with zero, as its moments go on.
   */
  record(tape: Tape, parameters: Variables, batch: Batch): void;
  /** Records how a parameter follows its gradient; by {@linkcode adamW} unless told. */
  update?(tape: Tape, parameter: Variable, step: UpdateStep): void;
  /** CPU work after the phase of a batch, before anything later is submitted. */
  readonly after?: {
    /** Whether it runs after a batch. Where it does not, the GPU need not wait. */
    appliesTo(batch: number): boolean;
    /** Does the work. */
    run(batch: number): Promise<void>;
  };
}

/** What a parameter's update is recorded with. */
export interface UpdateStep {
  /** The parameter's name. */
  readonly name: string;
  /** The parameter with its moments. */
  readonly optimized: OptimizedTensor;
  /** Where in the epoch the step is, and the settings of the optimizer. */
  readonly pace: Pace;
}

/** A model's parameters while a program is recorded. */
export type Variables = Readonly<Record<string, Variable>>;

/** Parameters as constants, for programs without gradients. */
export function constants(parameters: ModelParts["parameters"]): Variables {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, { value, constant: true }]),
  );
}

/** Optimizer, batch size and length of a run. */
export interface TrainingSettings extends AdamSettings {
  /** Triples per step. */
  readonly batchSize: number;
  /** Epochs to train; 0 for a model that is computed when it is made. */
  readonly epochs: number;
  /** Evaluations without a better one after which to stop; never unless told. */
  readonly patience?: number;
  /** Whether epochs train the model as a whole, so that neither batches nor the optimizer have a say. */
  readonly asWhole?: boolean;
}

/** Whether a model is computed when it is made, and has nothing to be trained. */
export function isComputed({ training }: { readonly training: TrainingSettings }): boolean {
  return training.epochs === 0;
}

/**
 * A kind of model, as {@linkcode defineModel} makes it. How it may be set, and what its presets are, is no part
 * of this type: `deno task train --model NAME --help` lists both.
 */
export interface ModelKind<Settings extends object = Readonly<Record<string, unknown>>> {
  /** Name in run folders, tables and on the command line. */
  readonly name: string;
  /** Name and source: authors, venue, year. */
  readonly title: string;
  /**
   * Makes a model that is ready for training.
   *
   * @param settings In the place of those of the dataset's preset, and of the defaults; `preset` names another
   * one than the dataset's, `content` has weights of what is alike in a modality, which is added to scores, and
   * `filter` the weight of the item filter's scores, beside which a model is trained by BPR.
   * Where their type is not known, names and values are checked by this call.
   * @throws {InputError} when a setting is not known or out of range, or the dataset lacks what the model
   * needs.
   * @throws {GpuError} when it exceeds what the adapter can hold.
   */
  create(
    gpu: Gpu,
    data: Dataset,
    settings?: Partial<Settings> & {
      readonly preset?: string;
      readonly content?: Readonly<Record<string, number>>;
      readonly filter?: number;
    },
    options?: PreparationOptions,
  ): Promise<Model>;
}

const builtModels = new WeakMap<Model, BuiltModel>();

/** What a model is made with. */
export type ModelOrigin =
  & Pick<BuiltModel, "gpu" | "kind" | "settings" | "training">
  & { readonly data: Pick<Dataset, "userCount" | "itemCount"> };

/** Puts a model together, so that {@linkcode builtModel} knows it. */
export function assembleModel({ data, ...origin }: ModelOrigin, parts: ModelParts): BuiltModel {
  const { userCount, itemCount } = data;
  const model = { ...parts, ...origin, name: origin.kind.name, userCount, itemCount };
  builtModels.set(model, model);
  return model;
}

/**
 * A model with what it is made of.
 *
 * @throws {InputError} when no kind of this library made it.
 */
export function builtModel(model: Model): BuiltModel {
  const built = builtModels.get(model);
  if (built) return built;
  throw new InputError("This is no model that models.NAME.create or a defined kind has made.");
}
