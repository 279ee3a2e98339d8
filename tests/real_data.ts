/**
 * Tests on public research data, which has no licence to be shipped: they run where the data lies beside the
 * checkout, and elsewhere say why they do not.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

/** The folder of a dataset, whether or not it is there. */
export function realData(name: string): string {
  return fileURLToPath(new URL(`../../shared/data/${name}`, import.meta.url));
}

/** A test that needs a dataset; skipped, with a printed line, where that is missing. */
export function testOnRealData(
  data: string,
  name: string,
  run: (folder: string, test: Deno.TestContext) => Promise<void>,
): void {
  const folder = realData(data);
  const missing = !isFolder(folder);
  if (missing) {
    console.log(`skipped "${name}": ${data} may not be shipped, and ${folder} is not there`);
  }
  Deno.test({ name, ignore: missing, fn: (test) => run(folder, test) });
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
