/**
 * What a model is: opaque where it is used, and to training and ranking its parameters, its losses and
 * how a step is recorded.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { PreparationOptions } from "../features/preparation.ts";
import type { Gpu, GpuDevice } from "../gpu/device.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { InputError } from "../input_error.ts";
import type { AdamSettings, OptimizedTensor, Pace } from "../tape/adamw.ts";
import type { Batch } from "../tape/batch.ts";
import type { LossTerm } from "../tape/loss_term.ts";
import type { Tape, Variable } from "../tape/tape.ts";
import {
  completeSettings,
  type ModelSettings,
  type SettingsOf,
  type SettingsTable,
} from "./settings.ts";

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
  readonly settings: ModelSettings;
}

/** What a model consists of; the score of user u and item i is ⟨h_u, h_i⟩. */
export interface ModelParts extends Disposable {
  /** What is trained, by name. */
  readonly parameters: Readonly<Record<string, Tensor>>;
  /** What else a checkpoint must hold to go on from: no optimizer touches it. */
  readonly buffers?: Readonly<Record<string, Tensor>>;
  /** The terms of its losses; those of the reported loss add up by their weights. */
  readonly lossTerms: Readonly<Record<string, LossTerm>>;
  /** The programs of a step; each batch runs those that apply to it, in this order. */
  readonly phases: readonly Phase[];
  /** Records what ranks: representations H, (users + items) × width. */
  represent(tape: Tape): Tensor;
  /** Gets ready for an epoch, from 1: what is drawn anew depends on the seed and this number alone. */
  beginEpoch?(epoch: number): void;
  /** What the learning rate is multiplied with in an epoch, from 1. */
  learningRateFactor?(epoch: number): number;
}

/** A model with what it is made of, for training and ranking. */
export interface BuiltModel extends Model, ModelParts {
  /** Where its tensors are. */
  readonly gpu: GpuDevice;
  /** What made it. */
  readonly kind: ModelKind;
  /** How its preset trains it. */
  readonly training: TrainingSettings;
}

/** One loss, descended once: forward, adjoints, optimizer. */
export interface Phase {
  /** Name in messages. */
  readonly name: string;
  /** Names of the parameters it trains; all unless told. */
  readonly trains?: readonly string[];
  /** What differs from the optimizer settings of the run. */
  readonly optimizer?: Partial<AdamSettings>;
  /** Whether a batch, counted from 0 in each epoch, runs it; all do unless told. */
  appliesTo?(batch: number): boolean;
  /**
   * Records the loss of the current batch and leaves its adjoints on the tape. A parameter that gets no
   * gradient is trained with zero, as its moments go on.
   */
  record(tape: Tape, parameters: Variables, batch: Batch): void;
  /** Records how a parameter follows its gradient; by {@linkcode adamW} unless told. */
  update?(tape: Tape, parameter: Variable, step: UpdateStep): void;
  /** Runs on the CPU when the GPU has done the phase for a batch, before anything later is submitted. */
  readonly after?: {
    /** Whether it is wanted for a batch; the GPU need not stop otherwise. */
    appliesTo(batch: number): boolean;
    /** What runs. */
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

/** Parameters that no gradient is wanted of. */
export function constants(parameters: ModelParts["parameters"]): Variables {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, { value, constant: true }]),
  );
}

/** Optimizer, batch size and length of a run. */
export interface TrainingSettings extends AdamSettings {
  /** Triples per step. */
  readonly batchSize: number;
  /** Epochs to train. */
  readonly epochs: number;
  /** Evaluations without a better one after which to stop; never unless told. */
  readonly patience?: number;
}

/** All that is published of a run. */
export interface Preset<Table extends SettingsTable = SettingsTable> {
  /** The model's settings, where they are not the defaults. */
  readonly model: Partial<SettingsOf<Table>>;
  /** Optimizer, batch size and epochs. */
  readonly training: TrainingSettings;
  /** Where they are from, as "the paper". */
  readonly source: string;
}

/** Published or best-known settings by dataset; `baby` is there for datasets without their own. */
export type Presets<Table extends SettingsTable = SettingsTable> =
  & Readonly<Record<string, Preset<Table>>>
  & { readonly baby: Preset<Table> };

/**
 * Settings as a model is asked for: any of them, and in `preset` the name of what the others are taken
 * from, if it is not the dataset's. Where the table is not known, names and values are checked when the
 * model is made.
 */
export type GivenSettings<Table extends SettingsTable> = string extends keyof Table
  ? Readonly<Record<string, unknown>>
  : Partial<SettingsOf<Table>> & { readonly preset?: string };

/** A kind of model, as {@linkcode defineModel} makes it: how it may be set, and how to make one. */
export interface ModelKind<Table extends SettingsTable = SettingsTable> {
  /** Name in run folders, tables and on the command line. */
  readonly name: string;
  /** Name and source: authors, venue, year. */
  readonly title: string;
  /** Its settings, but for `seed`, which all have. */
  readonly settings: Table;
  /** Settings by dataset. */
  readonly presets: Presets<Table>;
  /**
   * Makes a model that is ready for training.
   *
   * @param settings In the place of those of the dataset's preset, and of the defaults.
   * @throws {InputError} when a setting is not known or out of range, or the dataset lacks what the model
   * needs.
   * @throws {GpuError} when it exceeds what the adapter can hold.
   */
  create(
    gpu: Gpu,
    data: Dataset,
    settings?: GivenSettings<Table>,
    options?: PreparationOptions,
  ): Promise<Model>;
  /**
   * Makes a model that is ready for the parameters of a checkpoint, to be used or trained on: initial values
   * need not be computed.
   *
   * @param settings All of them, as {@linkcode Model.settings} had them.
   * @throws {InputError} when a setting is missing or out of range, or as {@linkcode create} does.
   * @throws {GpuError} as {@linkcode create} does.
   */
  restore(
    gpu: Gpu,
    data: Dataset,
    settings: Readonly<Record<string, unknown>>,
    options?: PreparationOptions,
  ): Promise<Model>;
}

/** The preset of a dataset's name; baby's where there is none. */
export function presetFor<Table extends SettingsTable>(
  { presets }: ModelKind<Table>,
  dataset: string,
): Preset<Table> {
  return (Object.hasOwn(presets, dataset) ? presets[dataset] : undefined) ?? presets.baby;
}

/**
 * The preset of this name.
 *
 * @throws {InputError} when there is none.
 */
export function presetNamed<Table extends SettingsTable>(
  { presets }: ModelKind<Table>,
  name: unknown,
): Preset<Table> {
  const found = typeof name === "string" && Object.hasOwn(presets, name)
    ? presets[name]
    : undefined;
  if (found) return found;
  throw new InputError(`preset is "${name}", but must be ${Object.keys(presets).join(", ")}.`);
}

/**
 * All settings of a model: those that are given, then those of the preset that is named in `preset` or else
 * is the dataset's, then the defaults.
 *
 * @throws {InputError} when a setting is not known or out of range.
 */
export function settingsFor<Table extends SettingsTable>(
  kind: ModelKind<Table>,
  dataset: string,
  given: Readonly<Record<string, unknown>> = {},
): SettingsOf<Table> {
  const { preset: _, ...own } = given;
  const { model } = askedPreset(kind, dataset, given);
  return completeSettings(kind.name, kind.settings, model, own);
}

/**
 * The preset that settings name in `preset`, or else the dataset's.
 *
 * @throws {InputError} when there is none of this name.
 */
export function askedPreset<Table extends SettingsTable>(
  kind: ModelKind<Table>,
  dataset: string,
  { preset }: Readonly<Record<string, unknown>>,
): Preset<Table> {
  return preset === undefined ? presetFor(kind, dataset) : presetNamed(kind, preset);
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
