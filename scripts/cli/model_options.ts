/**
 * The models' settings as options of a command line: `regWeight` is --reg-weight, a switch takes true or
 * false, and a number per modality is a list such as text=5,image=1.
 *
 * @module
 */
import { InputError } from "../../src/input_error.ts";
import type { ModelKind, ModelSettings, Setting, SettingValue } from "../../src/models/model.ts";
import { models } from "../../src/models/registry.ts";
import { toNumber } from "./command_line.ts";
import { formatTable } from "./table.ts";

/** Options as they are parsed. */
export type Options = Readonly<Record<string, string | boolean | undefined>>;

/** The option that a setting is given by. */
export function optionName(setting: string): string {
  return setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The options of all models, each once. */
export function allModelOptions(): string[] {
  const names = Object.values(models).flatMap(({ settings }) => Object.keys(settings));
  return [...new Set(names.map(optionName))];
}

/**
 * The model of this name.
 *
 * @throws {InputError} when there is none, or `options` has one of another model.
 */
export function chooseModel(name: string, options: Options): ModelKind {
  if (!Object.hasOwn(models, name)) {
    throw new InputError(`--model is "${name}", but must be ${Object.keys(models).join(", ")}.`);
  }
  const kind = models[name]!;
  const own = new Set(Object.keys(kind.settings).map(optionName));
  const foreign = allModelOptions().find((option) =>
    options[option] !== undefined && !own.has(option)
  );
  if (foreign !== undefined) {
    throw new InputError(
      `--${foreign} is not an option of ${name}; --model ${name} --help lists them.`,
    );
  }
  return kind;
}

/**
 * A preset's settings, with what the options say in their place.
 *
 * @throws {InputError} when an option is not of the setting's type.
 */
export function settingsFrom(
  { settings }: ModelKind,
  preset: ModelSettings,
  options: Options,
): ModelSettings {
  const entries = Object.keys(settings).map((name): [string, SettingValue] => {
    const text = options[optionName(name)];
    const value = preset[name]!;
    return [name, text === undefined ? value : parse(optionName(name), String(text), value)];
  });
  return Object.fromEntries(entries);
}

/** A table of a model's options, with what each is in a preset. */
export function describeOptions({ settings }: ModelKind, preset: ModelSettings): string {
  const rows = Object.entries(settings).map(([name, { help }]: [string, Setting]) => [
    `--${optionName(name)}`,
    formatValue(preset[name]!),
    help,
  ]);
  return formatTable(["option", "preset", "meaning"], rows);
}

function formatValue(value: SettingValue): string {
  if (typeof value !== "object") return String(value);
  return Object.entries(value).map(([name, number]) => `${name}=${number}`).join();
}

/** Reads the text of an option as what the setting is by default. */
function parse(option: string, text: string, preset: SettingValue): SettingValue {
  if (typeof preset === "number") return toNumber(option, text)!;
  if (typeof preset === "boolean") {
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
  return { ...preset, ...Object.fromEntries(parts) };
}
