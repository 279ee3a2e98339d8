/**
 * Writing a file so that a reader finds either the old content or the whole new one, also after a
 * crash or a full disk.
 *
 * @module
 */

import { InputError } from "../input_error.ts";

/** What a file is to hold: text, written as UTF-8, or bytes, at once or part after part. */
export type FileContent =
  | string
  | Uint8Array<ArrayBuffer>
  | Iterable<Uint8Array<ArrayBuffer>>
  | AsyncIterable<Uint8Array<ArrayBuffer>>;

/**
 * Writes `content` to `path`, creating its folder: into a temporary file beside it, flushed to disk,
 * then renamed over `path`. Of content in parts one is in memory at a time, unless the caller keeps them.
 *
 * @throws {InputError} when the file cannot be written, and what the parts throw when they cannot be made; what
 * was there before is then untouched.
 */
export async function writeAtomically(
  path: string,
  content: FileContent,
): Promise<void> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const parts = noting(
    bytes instanceof Uint8Array ? [bytes] : bytes,
    (error) => notMade = { error },
  );
  let notMade: { readonly error: unknown } | undefined;
  // Without node:path, which browsers' bundles cannot name even in parts that they never run.
  const nameStart = path.search(Deno.build.os === "windows" ? /[^\\/]*$/ : /[^/]*$/);
  const [folder, name] = [path.slice(0, nameStart), path.slice(nameStart)];
  // The same folder, since a rename is atomic only within one file system.
  const temporary = `${folder}.${name}.${Deno.pid}.${crypto.randomUUID()}.tmp`;
  try {
    await Deno.mkdir(folder || ".", { recursive: true });
    await writeNew(temporary, parts);
    await Deno.rename(temporary, path);
  } catch (error) {
    // The temporary file may not exist; an error here must not hide the one being reported.
    await Deno.remove(temporary).catch(() => {});
    if (notMade) throw notMade.error;
    throw new InputError(`Cannot write ${path}: ${reasonOf(error)}.`, { cause: error });
  }
}

/** The same parts; an error in making them is noted, too. */
async function* noting(
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  note: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const part of parts) yield part;
  } catch (error) {
    note(error);
    throw error;
  }
}

/** Whether a file is one of {@linkcode writeAtomically} that it could not write to the end. */
export function isTemporary(name: string): boolean {
  return /^\..+\.\d+\.[0-9a-f-]{36}\.tmp$/.test(name);
}

async function writeNew(
  path: string,
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  for await (const part of parts) {
    for (let written = 0; written < part.length;) {
      written += await file.write(part.subarray(written));
    }
  }
  await file.sync();
}

/** The system's message without its error number and the temporary file's name. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/ \(os error \d+\).*$/s, "");
}
