/**
 * Whether a file or folder is there.
 *
 * @module
 */

/** False where nothing is; what cannot be told for another reason is left for reading it to tell. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory);
  }
}
