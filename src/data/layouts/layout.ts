/**
 * What a reader of one dataset layout provides.
 *
 * @module
 */

import type { Source } from "../../files/source.ts";
import type { Interactions } from "../dataset.ts";

/** File names relative to the dataset's folder, which read as one dataset. */
export type FileSet = readonly string[];

/** One published way of laying out interactions in a folder. */
export interface DatasetLayout {
  /** Whose layout it is, for messages. */
  readonly title: string;
  /** The files it consists of, for messages. */
  readonly shape: string;
  /** Every set of files among `names` that could be read as this layout; mostly none or one. */
  readonly find: (source: Source, names: FileSet) => FileSet[] | Promise<FileSet[]>;
  /**
   * Reads one such set.
   *
   * @throws {InputError} A row is wrong: told by file, line and value.
   */
  readonly read: (source: Source, files: FileSet) => Promise<Interactions>;
}
