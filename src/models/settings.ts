/**
 * Settings of models: each model has one table of them, from which follow the type, the check, the
 * options of the command line and what a preset may hold.
 *
 * @module
 */
import { InputError } from "../input_error.ts";

/** A number, a switch, or a number for each modality. */
export type SettingValue = number | boolean | Readonly<Record<string, number>>;

/** Settings by name. */
export type ModelSettings = Readonly<Record<string, SettingValue>>;

/** A setting as it is offered to people; the limits are those of its number, or of each of its numbers. */
export interface Setting {
  /** What it is unless told, and of which type. */
  readonly default: SettingValue;
  /** What it means, in a few words. */
  readonly help: string;
  /** The least it may be. */
  readonly from?: number;
  /** What it must be above, in the place of `from`. */
  readonly above?: number;
  /** The most it may be. */
  readonly to?: number;
  /** What it must be below, in the place of `to`. */
  readonly below?: number;
  /** Whether it must be a whole number. */
  readonly whole?: boolean;
  /** What it must be a multiple of. */
  readonly multipleOf?: number;
}

/** A model's settings by name, but for `seed`, which all models have. */
export type SettingsTable = Readonly<Record<string, Setting>>;

/** The type that a setting has by its default. */
export type ValueOf<Default extends SettingValue> = Default extends number ? number
  : Default extends boolean ? boolean
  : Readonly<Record<string, number>>;

/** All settings of a table, and the seed of everything that the model draws at random. */
export type SettingsOf<Table extends SettingsTable> =
  & { readonly [Name in keyof Table]: ValueOf<Table[Name]["default"]> }
  & { readonly seed: number };

/** The width of embeddings: kernels load four columns at once, of 256 at most. */
export const EMBEDDING_WIDTH = {
  default: 64,
  from: 4,
  to: 256,
  multipleOf: 4,
  help: "embedding width",
} as const;

/** No content of any modality. */
export const NO_CONTENT: Readonly<Record<string, number>> = {};

/** What all models can add to their scores; a model that does it in its own way has it in its table. */
export const CONTENT = {
  default: NO_CONTENT,
  from: 0,
  help: "weight of what is alike in a modality, added to scores",
} as const;

/** What all models can be trained and ranked beside; where it is not 0, content is a part of it. */
export const FILTER = {
  default: 0,
  from: 0,
  help: "weight of item_filter's scores, which are added in BPR and to scores",
} as const;

/** The seed, which all models have. */
const SEED: Setting = {
  default: 1,
  from: 0,
  whole: true,
  help: "seed of everything random",
};

/** A setting's name where people write it: `regWeight` is `reg-weight`, as the option --reg-weight. */
export function writtenName(setting: string): string {
  return setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** A value as people write it: a number per modality as text=5,image=1. */
export function writtenValue(value: SettingValue): string {
  if (typeof value !== "object") return String(value);
  return Object.entries(value).map(([name, number]) => `${name}=${number}`).join() || "none";
}

/** What a setting may be, as messages and help say it: "a whole number from 1 to 128". */
export function describeRange(setting: Setting): string {
  if (typeof setting.default === "boolean") return "true or false";
  const { from, above, to, below, whole, multipleOf } = setting;
  const end = (words: string, limit: number | undefined): string[] =>
    limit === undefined ? [] : [`${words} ${limit}`];
  const kind = multipleOf !== undefined
    ? end("a multiple of", multipleOf)
    : whole
    ? ["a whole number"]
    : [];
  if (from === undefined) {
    const ends = [...end("above", above), ...end("at most", to), ...end("below", below)];
    return [...kind, ends.join(" and ")].join(" ").trim() || "a number";
  }
  const ends = [...end("to", to), ...end("to below", below)];
  if (kind.length + ends.length === 0) return `${from} or more`;
  return [...kind, `from ${from}`, ...ends].join(" ");
}

/**
 * All settings of a table: the defaults, in whose place those of the first layer stand, and in theirs
 * those of the next. Of numbers for each modality those that a layer names are replaced.
 *
 * @param model What messages call the model.
 * @throws {InputError} when there is a setting that the table has not, or one is out of range.
 */
export function completeSettings<Table extends SettingsTable>(
  model: string,
  table: Table,
  ...layers: readonly object[]
): SettingsOf<Table> {
  const complete: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(withSeed(table))) complete[name] = setting.default;
  for (const [name, value] of layers.flatMap((layer) => Object.entries<unknown>({ ...layer }))) {
    if (value === undefined) continue;
    const before = complete[name];
    complete[name] = isRecord(before) && isRecord(value) ? { ...before, ...value } : value;
  }
  requireSettings(model, table, complete);
  return complete;
}

/**
 * Checks that the settings are those of a table, all of them, and in range.
 *
 * @param model What messages call the model.
 * @throws {InputError} when they are not.
 */
export function requireSettings<Table extends SettingsTable>(
  model: string,
  table: Table,
  settings: Readonly<Record<string, unknown>>,
): asserts settings is SettingsOf<Table> {
  const known = withSeed(table);
  const unknown = Object.keys(settings).find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) {
    const names = Object.keys(known).join(", ");
    throw new InputError(`"${unknown}" is not a setting of ${model}, which has ${names}.`);
  }
  for (const [name, setting] of Object.entries(known)) {
    requireValue(writtenName(name), setting, settings[name]);
  }
}

/** A table with what all models have and people set by an option; the seed is a run's, too. */
export function withSharedSettings(table: SettingsTable): SettingsTable {
  return Object.hasOwn(table, "content") ? table : { ...table, content: CONTENT, filter: FILTER };
}

/** What a model without them saved is restored with. */
export function sharedDefaults(table: SettingsTable): ModelSettings {
  return Object.hasOwn(table, "content") ? {} : { content: NO_CONTENT, filter: FILTER.default };
}

function withSeed(table: SettingsTable): SettingsTable {
  return { ...withSharedSettings(table), seed: SEED };
}

function requireValue(name: string, setting: Setting, value: unknown): void {
  if (!isRecord(setting.default)) {
    if (!isInRange(setting, value)) throw outOfRange(name, value, setting);
    return;
  }
  if (!isRecord(value)) {
    throw new InputError(`${name} is ${show(value)}, but must be a number for each modality.`);
  }
  for (const [modality, part] of Object.entries(value)) {
    if (!isInRange(setting, part)) throw outOfRange(`${name} of "${modality}"`, part, setting);
  }
}

/** Whether a switch is one, or a number within the limits. */
function isInRange(setting: Setting, value: unknown): boolean {
  if (typeof setting.default === "boolean") return typeof value === "boolean";
  if (typeof value !== "number" || !Number.isFinite(value)) return false;
  const { from = -Infinity, above = -Infinity, to = Infinity, below = Infinity } = setting;
  return value >= from && value > above && value <= to && value < below &&
    (!setting.whole || Number.isSafeInteger(value)) &&
    (setting.multipleOf === undefined || value % setting.multipleOf === 0);
}

function outOfRange(name: string, value: unknown, setting: Setting): InputError {
  // The limits alone need not say why Infinity is refused.
  const finite = value === Infinity || value === -Infinity ? "finite and " : "";
  return new InputError(
    `${name} is ${show(value)}, but must be ${finite}${describeRange(setting)}.`,
  );
}

function show(value: unknown): string {
  return typeof value === "number" ? String(value) : String(JSON.stringify(value));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
