/**
 * Opens a folder of files, or reads one file, by its path or URL.
 *
 * @module
 */

import { InputError } from "../input_error.ts";
import { webFolder } from "./fetch_source.ts";
import type { Source } from "./source.ts";

/**
 * Opens a folder: one on the web by its http(s) URL, as {@linkcode webFolder} does, and one on disk by its
 * path or file: URL, which needs Deno.
 *
 * @throws {InputError} There is no such folder on disk, or no disk: browsers read URLs alone.
 */
export async function openSource(folder: string | URL): Promise<Source> {
  if (/^https?:/i.test(String(folder))) return webFolder(folder);
  if (!("Deno" in globalThis)) {
    throw new InputError(`${folder} is on disk, which only Deno reads: give an http(s) URL.`);
  }
  // Not a static import: what browsers load must not reach Deno's own functions.
  const { diskFolder } = await import("./deno_source.ts");
  return await diskFolder(folder);
}

/**
 * All bytes of a file, on disk or on the web.
 *
 * @throws {InputError} It cannot be read.
 */
export async function readFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const end = path.lastIndexOf("/");
  const folder = await openSource(end < 0 ? "." : path.slice(0, end) || "/");
  return await folder.read(path.slice(end + 1));
}
