/**
 * Makes a kind of model from one table of settings and a function that uploads its parts.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { PreparationOptions } from "../features/preparation.ts";
import { deviceOf, type Gpu, type GpuDevice } from "../gpu/device.ts";
import { InputError } from "../input_error.ts";
import { withContent } from "./content.ts";
import { withFilter } from "./filter.ts";
import {
  assembleModel,
  type Model,
  type ModelKind,
  type ModelParts,
  type TrainingSettings,
} from "./model.ts";
import {
  completeSettings,
  type ModelSettings,
  requireSettings,
  type SettingsOf,
  type SettingsTable,
  sharedDefaults,
} from "./settings.ts";

/** What a kind of model is defined by. */
export interface ModelDefinition<Table extends SettingsTable = SettingsTable> {
  /** Name in run folders, tables and on the command line. */
  readonly name: string;
  /** Name and source: authors, venue, year. */
  readonly title: string;
  /**
   * Its settings, but for `seed`, which all have, and `content` and `filter`, unless the model adds content in its own
   * way; none may be called `preset`.
   */
  readonly settings: Table;
  /** Settings by dataset. */
  readonly presets: Presets<NoInfer<Table>>;
  /** Uploads what the model consists of; all settings are there and in range. */
  create(
    gpu: GpuDevice,
    data: Dataset,
    settings: SettingsOf<NoInfer<Table>>,
    options: PreparationOptions,
  ): ModelParts | Promise<ModelParts>;
  /** The same for parameters that a checkpoint will overwrite; as `create` unless told. */
  restore?(
    gpu: GpuDevice,
    data: Dataset,
    settings: SettingsOf<NoInfer<Table>>,
    options: PreparationOptions,
  ): ModelParts | Promise<ModelParts>;
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

const definitions = new WeakMap<object, ModelDefinition>();

/** Makes a kind of model. */
export function defineModel<const Table extends SettingsTable>(
  definition: ModelDefinition<Table>,
): ModelKind<SettingsOf<Table>> {
  const { name, title } = definition;
  const kind: ModelKind<SettingsOf<Table>> = {
    name,
    title,
    create: async (gpu, data, given, options = {}) => {
      const device = deviceOf(gpu);
      const { settings, training } = settingsFor(kind, data.name, { ...given });
      const definition = definitionOf(kind);
      const own = await definition.create(device, data, settings, options);
      const parts = await completeParts(device, data, definition, own, settings, options);
      return assembleModel({ gpu: device, kind, data, settings, training }, parts);
    },
  };
  definitions.set(kind, definition);
  return kind;
}

/** Whether this is a kind of model that {@linkcode defineModel} has made. */
export function isModelKind(value: unknown): value is ModelKind {
  return typeof value === "object" && value !== null && definitions.has(value);
}

/**
 * What a kind was defined by.
 *
 * @throws {InputError} when {@linkcode defineModel} has not made it.
 */
export function definitionOf(kind: ModelKind): ModelDefinition {
  const definition = definitions.get(kind);
  if (definition) return definition;
  throw new InputError("This is no kind of model that defineModel has made.");
}

/**
 * Makes a model that is ready for the parameters of a checkpoint, to be used or trained on: initial values
 * need not be computed.
 *
 * @param saved All settings, as {@linkcode Model.settings} had them.
 * @throws {InputError} when a setting is missing or out of range, or the dataset lacks what the model needs.
 * @throws {GpuError} when it exceeds what the adapter can hold.
 */
export async function restoreModel(
  gpu: Gpu,
  kind: ModelKind,
  data: Dataset,
  saved: Readonly<Record<string, unknown>>,
  options: PreparationOptions = {},
): Promise<Model> {
  const definition = definitionOf(kind), device = deviceOf(gpu);
  const settings: Readonly<Record<string, unknown>> = {
    ...sharedDefaults(definition.settings),
    ...saved,
  };
  requireSettings(kind.name, definition.settings, settings);
  const { training } = presetFor(kind, data.name);
  const own = definition.restore
    ? await definition.restore(device, data, settings, options)
    : await definition.create(device, data, settings, options);
  const parts = await completeParts(device, data, definition, own, settings, options);
  return assembleModel({ gpu: device, kind, data, settings, training }, parts);
}

/** A model's parts with what all models can be given, where it does not have that in its own way. */
async function completeParts(
  gpu: GpuDevice,
  data: Dataset,
  { name, settings: table }: ModelDefinition,
  parts: ModelParts,
  { content, filter }: ModelSettings,
  options: PreparationOptions,
): Promise<ModelParts> {
  if (typeof content !== "object" || Object.hasOwn(table, "content")) return parts;
  if (typeof filter !== "number" || filter === 0) {
    return await withContent(gpu, data, parts, content, options);
  }
  if (parts.phases.length > 0) return await withFilter(gpu, data, parts, filter, content, options);
  parts[Symbol.dispose]();
  throw new InputError(`filter is ${filter}, but ${name} is not trained by BPR: blend the two.`);
}

/**
 * A preset of a kind: the one of a name or, without one, the dataset's; baby's where it has none.
 *
 * @throws {InputError} when there is none of this name.
 */
export function presetFor(kind: ModelKind, dataset: string, name?: unknown): Preset {
  const { presets } = definitionOf(kind);
  const wanted = name === undefined ? dataset : name;
  const found = typeof wanted === "string" && Object.hasOwn(presets, wanted)
    ? presets[wanted]
    : undefined;
  if (found) return found;
  if (name === undefined) return presets.baby;
  throw new InputError(`preset is "${name}", but must be ${Object.keys(presets).join(", ")}.`);
}

/**
 * All settings of a model: those that are given, then those of the preset that is named in `preset` or else
 * is the dataset's, then the defaults; and how the preset trains.
 *
 * @throws {InputError} when a setting is not known or out of range.
 */
export function settingsFor(
  kind: ModelKind,
  dataset: string,
  { preset, ...own }: Readonly<Record<string, unknown>> = {},
): { readonly settings: SettingsOf<SettingsTable>; readonly training: TrainingSettings } {
  const { model, training } = presetFor(kind, dataset, preset);
  const settings = completeSettings(kind.name, definitionOf(kind).settings, model, own);
  return { settings, training };
}
