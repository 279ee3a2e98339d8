/**
 * Folders and files on disk, by Deno. Reached by a dynamic import alone, and itself without imports of
 * node: modules, so that the library can be bundled for browsers.
 *
 * @module
 */

import { InputError } from "../input_error.ts";
import { cannotRead, cutShort, type Source, type SourceFile } from "./source.ts";

/**
 * Opens a folder on disk, named after the place that its path leads to.
 *
 * @throws {InputError} There is no such folder.
 */
export async function diskFolder(folder: string | URL): Promise<Source> {
  const address = await realFolder(folder);
  const path = folder instanceof URL ? address : folder;
  const pathOf = (name: string) => `${path}/${name}`;
  return {
    name: address.split(/[\\/]/).at(-1)!,
    path,
    address,
    names: (inside) =>
      inside === undefined ? listFiles(path, "") : listFiles(pathOf(inside), `${inside}/`),
    read: (name) => orCannotRead(pathOf(name), () => Deno.readFile(pathOf(name))),
    open: (name) => diskFile(pathOf(name)),
  };
}

/**
 * Opens a file on disk.
 *
 * @throws {InputError} It cannot be read.
 */
export async function diskFile(path: string): Promise<SourceFile> {
  const { size } = await orCannotRead(path, () => Deno.stat(path));
  const read = (from: number, to: number) =>
    orCannotRead(path, async () => {
      using file = await Deno.open(path);
      await file.seek(from, Deno.SeekMode.Start);
      const bytes = new Uint8Array(to - from);
      for (let filled = 0; filled < bytes.length;) {
        const count = await file.read(bytes.subarray(filled));
        if (count === null) throw cutShort(path, to, from + filled);
        filled += count;
      }
      return bytes;
    });
  return { path, size, read };
}

async function realFolder(folder: string | URL): Promise<string> {
  try {
    const path = await Deno.realPath(folder);
    if ((await Deno.stat(path)).isDirectory) return path;
  } catch (error) {
    if (!isMissing(error)) throw cannotRead(String(folder), error);
  }
  throw new InputError(`${folder} is not a folder.`);
}

async function listFiles(path: string, prefix: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(path)) {
      if (!entry.isDirectory) names.push(prefix + entry.name);
    }
  } catch (error) {
    if (!isMissing(error)) throw cannotRead(path, error);
  }
  return names;
}

function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

async function orCannotRead<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof InputError ? error : cannotRead(path, error);
  }
}
