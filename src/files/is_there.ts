/**
 * Whether a file or folder exists.
 *
 * @module
 */

/**
 * False only if nothing exists at the path. Any other error counts as existing: reading it will say what is
 * wrong.
 */
export async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory);
  }
}
