/**
 * The one error a user can mend: bad input, told in one sentence that names the file, the line and
 * the value. Command-line scripts print the message alone and exit with code 2.
 *
 * @module
 */

/** Thrown for anything wrong with what the user gave: files, options, sizes. */
export class InputError extends Error {
  /** The class's name, in stack traces. */
  override readonly name = "InputError";
}
