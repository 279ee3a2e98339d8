/**
 * The kind of model that --model names: one of the library's, or the default export of a file.
 *
 * @module
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { InputError } from "../../src/input_error.ts";
import { isModelKind } from "../../src/models/define_model.ts";
import type { ModelKind } from "../../src/models/model.ts";
import { blend } from "../../src/runs/open_run.ts";
import { modelNamed } from "../../src/models/registry.ts";

/**
 * The kind of a name, or of a file that ends in .ts or .js.
 *
 * @throws {InputError} when there is none, or the file cannot be loaded or exports none by default.
 */
export async function findKind(name: string): Promise<ModelKind> {
  if (name === blend.name) return blend;
  if (!/\.[jt]s$/.test(name)) return modelNamed(name);
  const { default: kind }: { default?: unknown } = await import(
    pathToFileURL(resolve(name)).href
  ).catch((error: Error) => {
    throw new InputError(`Cannot load ${name}: ${error.message.replace(/\.$/, "")}.`);
  });
  if (isModelKind(kind)) return kind;
  throw new InputError(`${name} exports no kind of model by default, as defineModel makes it.`);
}

/** The kinds that are not of the library, for opening runs of them. */
export async function foreignKinds(name: string | undefined): Promise<ModelKind[]> {
  return name === undefined ? [] : [await findKind(name)];
}
