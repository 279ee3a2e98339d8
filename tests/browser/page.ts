/**
 * What the page runs: all cases of the kernel tables, and two epochs of STAIR. run.ts calls what this exports.
 *
 * @module
 */
import { openDevice } from "../../src/gpu/device.ts";
import { type KernelFiles, runCase } from "../kernel_cases.ts";
import { kernelTables } from "../kernel_tables.ts";

export { trainStair } from "./stair_run.ts";

/** How a case went. */
export interface CaseResult {
  readonly name: string;
  /** What came out otherwise than it should, or why nothing did; empty when all is well. */
  readonly faults: readonly string[];
  readonly seconds: number;
}

const files: KernelFiles = await (await fetch("/kernels.json")).json();

/**
 * Runs the cases of a kernel, each on a GPU of its own, as one that failed keeps its fault. The tables draw
 * random numbers from one generator: called in their order, they are those of kernels_test.ts.
 */
export async function runTable(kernel: string): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const one of kernelTables[kernel]!()) {
    const start = performance.now();
    const faults: string[] = [];
    try {
      using gpu = await openDevice();
      faults.push(...await runCase(gpu, files, kernel, one));
      await gpu.finish();
    } catch (error) {
      faults.push(String(error));
    }
    const seconds = (performance.now() - start) / 1000;
    results.push({ name: `${kernel}, ${one.name}`, faults, seconds });
  }
  return results;
}
