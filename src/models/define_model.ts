/**
 * Makes a kind of model from one table of settings and a function that uploads its parts.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { PreparationOptions } from "../features/preparation.ts";
import { deviceOf, type GpuDevice } from "../gpu/device.ts";
import {
  askedPreset,
  assembleModel,
  type Model,
  type ModelKind,
  type ModelParts,
  presetFor,
  type Presets,
  settingsFor,
} from "./model.ts";
import { requireSettings, type SettingsOf, type SettingsTable } from "./settings.ts";

/** What a kind of model is defined by. */
export interface ModelDefinition<Table extends SettingsTable> {
  /** Name in run folders, tables and on the command line. */
  readonly name: string;
  /** Name and source: authors, venue, year. */
  readonly title: string;
  /** Its settings, but for `seed`, which all have; none may be called `preset`. */
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

/** Makes a kind of model. */
export function defineModel<const Table extends SettingsTable>(
  definition: ModelDefinition<Table>,
): ModelKind<Table> {
  const { name, title, settings: table, presets } = definition;
  const kind: ModelKind<Table> = {
    name,
    title,
    settings: table,
    presets,
    create: async (gpu, data, given, options = {}): Promise<Model> => {
      const device = deviceOf(gpu);
      const settings = settingsFor(kind, data.name, given);
      const { training } = askedPreset(kind, data.name, { ...given });
      const parts = await definition.create(device, data, settings, options);
      return assembleModel({ gpu: device, kind, data, settings, training }, parts);
    },
    restore: async (gpu, data, settings, options = {}): Promise<Model> => {
      const device = deviceOf(gpu);
      requireSettings(name, table, settings);
      const { training } = presetFor(kind, data.name);
      const parts = definition.restore
        ? await definition.restore(device, data, settings, options)
        : await definition.create(device, data, settings, options);
      return assembleModel({ gpu: device, kind, data, settings, training }, parts);
    },
  };
  kinds.add(kind);
  return kind;
}

const kinds = new WeakSet<object>();

/** Whether this is a kind of model that {@linkcode defineModel} has made. */
export function isModelKind(value: unknown): value is ModelKind {
  return typeof value === "object" && value !== null && kinds.has(value);
}
