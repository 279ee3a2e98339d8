/**
 * The models' settings as options of a command line: `regWeight` is --reg-weight, a switch takes true or
 * false, and a number per modality is a list such as text=5,image=1.
 *
 * @module
 */
import { InputError } from "../../src/input_error.ts";
import { definitionOf } from "../../src/models/define_model.ts";
import type { ModelKind } from "../../src/models/model.ts";
import { models } from "../../src/models/registry.ts";
import {
  describeRange,
  type ModelSettings,
  type SettingsTable,
  type SettingValue,
  withSharedSettings,
  writtenName,
  writtenValue,
} from "../../src/models/settings.ts";
import { toNumber } from "./command_line.ts";
import { formatTable } from "../../src/experiments/table.ts";

/** Options as they are parsed. */
export type Options = Readonly<Record<string, string | boolean | undefined>>;

/** The table of what a kind's options set. */
function settingsOf(kind: ModelKind): SettingsTable {
  return withSharedSettings(definitionOf(kind).settings);
}

/** The options of some kinds of models, those of this library unless told, each once. */
export function modelOptions(kinds: readonly ModelKind[] = Object.values(models)): string[] {
  return [
    ...new Set(kinds.flatMap((kind) => Object.keys(settingsOf(kind)).map(writtenName))),
  ];
}

/**
 * Checks that no option is one of another model of this library.
 *
 * @throws {InputError} when one is.
 */
export function requireOwnOptions(kind: ModelKind, options: Options): void {
  const own = modelOptions([kind]);
  const foreign = modelOptions().find((option) =>
    options[option] !== undefined && !own.includes(option)
  );
  if (foreign !== undefined) {
    throw new InputError(
      `--${foreign} is not an option of ${kind.name}; --model ${kind.name} --help lists them.`,
    );
  }
}

/**
 * The settings that the options give; what is in range the model itself says.
 *
 * @throws {InputError} when an option is not of the setting's type.
 */
export function settingsFrom(kind: ModelKind, options: Options): ModelSettings {
  const given: Record<string, SettingValue> = {};
  for (const [name, setting] of Object.entries(settingsOf(kind))) {
    const option = writtenName(name), text = options[option];
    if (text !== undefined) given[name] = parse(option, String(text), setting.default);
  }
  return given;
}

/**
 * The values that the options give, of which a slash stands between: 64/256.
 *
 * @throws {InputError} when one is not of the setting's type.
 */
export function triedFrom(
  kind: ModelKind,
  options: Options,
): Readonly<Record<string, readonly SettingValue[]>> {
  const tried: Record<string, SettingValue[]> = {};
  for (const [name, setting] of Object.entries(settingsOf(kind))) {
    const option = writtenName(name), text = options[option];
    if (text === undefined) continue;
    tried[name] = String(text).split("/").map((each) => parse(option, each, setting.default));
  }
  return tried;
}

/** A table of a model's options, with what each may be and what it is among `chosen` settings. */
export function describeOptions(kind: ModelKind, chosen: ModelSettings): string {
  const rows = Object.entries(settingsOf(kind)).map(([name, setting]) => [
    `--${writtenName(name)}`,
    writtenValue(chosen[name] ?? setting.default),
    describeRange(setting),
    setting.help,
  ]);
  return formatTable(["option", "preset", "range", "meaning"], rows);
}

/** Reads the text of an option as what the setting is by default. */
function parse(option: string, text: string, value: SettingValue): SettingValue {
  if (typeof value === "number") return toNumber(option, text)!;
  if (typeof value === "boolean") {
    if (text === "" || text === "true") return true; // named alone, a switch is on
    if (text === "false") return false;
    throw new InputError(`--${option} is "${text}", but must be true or false.`);
  }
  const parts = text.split(",").map((part): [string, number] => {
    const [name, number, ...more] = part.split("=");
    if (!name || !number || more.length > 0) {
      throw new InputError(`--${option} is "${text}", but must be like text=5,image=1.`);
    }
    return [name, toNumber(option, number)!];
  });
  return Object.fromEntries(parts);
}
