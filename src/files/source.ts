/**
 * A folder of files to read, on disk, on the web or in memory. Datasets are read through this interface
 * only.
 *
 * @module
 */

import { InputError } from "../input_error.ts";

/** A folder to read from; names are relative to it, such as "items.csv" or "5-core/train.json". */
export interface Source {
  /** Name of the folder, which becomes the dataset's. */
  readonly name: string;
  /** Path of the folder in messages. */
  readonly path: string;
  /** Absolute path or URL, by which the folder can be opened again; undefined where it has none. */
  readonly address?: string;
  /**
   * Names of the files that lie in it or, with `inside`, in that folder of it; none where that is missing.
   *
   * @throws {InputError} It cannot be listed.
   */
  readonly names: (inside?: string) => Promise<string[]>;
  /**
   * All bytes of a file.
   *
   * @throws {InputError} It cannot be read.
   */
  readonly read: (name: string) => Promise<Uint8Array<ArrayBuffer>>;
  /**
   * A file to read in parts.
   *
   * @throws {InputError} It cannot be read.
   */
  readonly open: (name: string) => Promise<SourceFile>;
}

/** A file that is read in parts; it may be larger than memory. Nothing has to be closed. */
export interface SourceFile {
  /** Path of the file in messages. */
  readonly path: string;
  /** Length in bytes. */
  readonly size: number;
  /**
   * Bytes `[from, to)`.
   *
   * @throws {InputError} It cannot be read, or ends before `to`.
   */
  readonly read: (from: number, to: number) => Promise<Uint8Array<ArrayBuffer>>;
}

/** The error for a file with fewer bytes than it needs. */
export function cutShort(path: string, needed: number, present: number): InputError {
  return new InputError(`${path} is cut short: ${present} of ${needed} bytes are there.`);
}

/** The error for a file that cannot be read, whatever the system says of it. */
export function cannotRead(path: string, error: unknown): InputError {
  return new InputError(`Cannot read ${path}: ${(error as Error).message}.`, { cause: error });
}
