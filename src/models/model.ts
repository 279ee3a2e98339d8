/**
 * What training and ranking ask of a model.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { PreparationOptions } from "../features/preparation.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { InputError } from "../input_error.ts";
import type { AdamSettings } from "../tape/adamw.ts";
import type { Batch } from "../tape/batch.ts";
import type { Ending } from "../tape/ending.ts";
import type { LossTerm } from "../tape/loss_term.ts";
import type { Tape, Variable } from "../tape/tape.ts";

/** What models without modalities are made of. */
export type TrainingData = Pick<Dataset, "userCount" | "itemCount" | "train">;

/** A recommender whose score of user u and item i is ⟨h_u, h_i⟩. */
export interface Model extends Disposable {
  /** Name in run folders and tables, as in src/models/registry.ts. */
  readonly name: string;
  /** Users, which come first in every stacked matrix. */
  readonly userCount: number;
  /** Items, which follow. */
  readonly itemCount: number;
  /** What is trained, by name. */
  readonly parameters: Readonly<Record<string, Tensor>>;
  /** What else a checkpoint must hold to go on from: no optimizer touches it. */
  readonly buffers?: Readonly<Record<string, Tensor>>;
  /** The settings it was made with, as they are written to checkpoints. */
  readonly settings: ModelSettings;
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
  /**
   * Records the smoothing of the items' descent direction, items × dim; the ending applies it to the
   * single parameter of a model, users and items stacked.
   */
  smoothItems?(tape: Tape, direction: Tensor, ending: Ending): void;
  /** Runs on the CPU when the GPU has done the phase for a batch, before anything later is submitted. */
  after?: {
    /** Whether it is wanted for a batch; the GPU need not stop otherwise. */
    appliesTo(batch: number): boolean;
    /** What runs. */
    run(batch: number): Promise<void>;
  };
}

/** A model's parameters while a program is recorded. */
export type Variables = Readonly<Record<string, Variable>>;

/** Parameters that no gradient is wanted of. */
export function constants(parameters: Model["parameters"]): Variables {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, { value, constant: true }]),
  );
}

/** A model's setting: a number, a switch, or a number for each modality. */
export type SettingValue = number | boolean | Readonly<Record<string, number>>;

/** A model's settings by name. */
export type ModelSettings = Readonly<Record<string, SettingValue>>;

/** A setting as it is offered to people. */
export interface Setting {
  /** What it is unless told. */
  readonly value: SettingValue;
  /** What it means, in a few words; the command line has it under its name in kebab-case. */
  readonly help: string;
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
export interface Preset<Settings = Partial<ModelSettings>> {
  /** The model's settings, where they are not the defaults. */
  readonly model: Settings;
  /** Optimizer, batch size and epochs. */
  readonly training: TrainingSettings;
}

/** A kind of model: how people may set it, and how to make one. */
export interface ModelKind {
  /** Name and source: authors, venue, year. */
  readonly title: string;
  /** Its settings, but for `seed`, which all have. */
  readonly settings: Readonly<Record<string, Setting>>;
  /** Published or best-known settings by dataset; `baby` is there for datasets without their own. */
  readonly presets: Readonly<Record<string, Preset>> & { readonly baby: Preset };
  /** Ready for training. */
  create(
    gpu: Gpu,
    dataset: Dataset,
    settings: ModelSettings,
    options: PreparationOptions,
  ): Model | Promise<Model>;
  /**
   * Ready for the parameters of a checkpoint, so that initial values need not be computed; as
   * {@linkcode create} unless told.
   */
  restore?(
    gpu: Gpu,
    dataset: Dataset,
    settings: ModelSettings,
    options: PreparationOptions,
  ): Model | Promise<Model>;
}

/** The settings of a dataset's preset, and the defaults for the rest. */
export function presetFor(kind: ModelKind, dataset: string): Preset<ModelSettings> {
  const { model, training } = Object.hasOwn(kind.presets, dataset)
    ? kind.presets[dataset]!
    : kind.presets.baby;
  const defaults = Object.entries(kind.settings).map(([name, { value }]) => [name, value] as const);
  return { model: { ...Object.fromEntries(defaults), ...definedOnly(model) }, training };
}

function definedOnly(settings: Partial<ModelSettings>): ModelSettings {
  return Object.fromEntries(
    Object.entries(settings).filter((entry): entry is [string, SettingValue] =>
      entry[1] !== undefined
    ),
  );
}

/**
 * Checks what all models have in common.
 *
 * @throws {InputError} when the embedding width or the number of layers is out of range.
 */
export function requireShape({ dim, layers }: { dim: number; layers: number }): void {
  if (!Number.isInteger(dim) || dim < 4 || dim > 256 || dim % 4 !== 0) {
    throw new InputError(`dim is ${dim}, but must be a multiple of 4 from 4 to 256.`);
  }
  if (!Number.isInteger(layers) || layers < 0) {
    throw new InputError(`layers is ${layers}, but must be a whole number from 0.`);
  }
}

/**
 * Checks a setting; `name` is what the message calls it.
 *
 * @throws {InputError} when it is not a finite number from `least` on.
 */
export function requireAtLeast(name: string, value: number, least: number): void {
  if (!(value >= least && value < Infinity)) {
    throw new InputError(`${name} is ${value}, but must be ${least} or more.`);
  }
}
