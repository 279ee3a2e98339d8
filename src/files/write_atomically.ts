/**
 * Writing a file so that a reader finds either the old content or the whole new one, also after a
 * crash or a full disk.
 *
 * @module
 */

import { InputError } from "../input_error.ts";

/**
 * Writes `content` to `path`, creating its folder: into a temporary file beside it, flushed to disk,
 * then renamed over `path`. Text is written as UTF-8.
 *
 * @throws {InputError} when the file cannot be written; what was there before is then untouched.
 */
export async function writeAtomically(
  path: string,
  content: Uint8Array<ArrayBuffer> | string,
): Promise<void> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  // Without node:path, which browsers' bundles cannot name even in parts that they never run.
  const nameStart = path.search(Deno.build.os === "windows" ? /[^\\/]*$/ : /[^/]*$/);
  const [folder, name] = [path.slice(0, nameStart), path.slice(nameStart)];
  // The same folder, since a rename is atomic only within one file system.
  const temporary = `${folder}.${name}.${Deno.pid}.${crypto.randomUUID()}.tmp`;
  try {
    await Deno.mkdir(folder || ".", { recursive: true });
    await writeNew(temporary, bytes);
    await Deno.rename(temporary, path);
  } catch (error) {
    // The temporary file may not exist; an error here must not hide the one being reported.
    await Deno.remove(temporary).catch(() => {});
    throw new InputError(`Cannot write ${path}: ${reasonOf(error)}.`, { cause: error });
  }
}

async function writeNew(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
  await file.sync();
}

/** The system's message without its error number and the temporary file's name. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/ \(os error \d+\).*$/s, "");
}
