/**
 * The kernels' WGSL, as it lies on disk.
 *
 * @module
 */
import type { KernelFiles } from "./kernel_cases.ts";
import { filesBelow, textOf } from "./module_graph.ts";

const FOLDER = "kernels/", ENDING = ".wgsl";

/** Reads all of kernels/, the parts and the prelude included. */
export function readKernelFiles(): KernelFiles {
  const paths = filesBelow(FOLDER, ENDING);
  return Object.fromEntries(
    paths.map((path) => [path.slice(FOLDER.length, -ENDING.length), textOf(path)]),
  );
}
