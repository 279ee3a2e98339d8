/**
 * What the page runs: all cases of the kernel tables, and two epochs of STAIR. run.ts calls what this exports.
 *
 * @module
 */
import { type GpuDevice, openDevice } from "../../src/gpu/device.ts";
import { otherLimits } from "../gpu/guaranteed_limits.ts";
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

/** Tells whether the page's GPU has no more than WebGPU guarantees everywhere. */
export function checkLimits(): Promise<CaseResult> {
  return runOn("limits", (gpu) => Promise.resolve(otherLimits(gpu.device)));
}

/**
 * Runs the cases of a kernel. The tables draw random numbers from one generator: called in their order, they
 * are those of kernels_test.ts.
 */
export async function runTable(kernel: string): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const one of kernelTables[kernel]!()) {
    results.push(await runOn(`${kernel}, ${one.name}`, (gpu) => runCase(gpu, files, kernel, one)));
  }
  return results;
}

/** Runs a case on a GPU of its own, as one that failed keeps its fault. */
async function runOn(
  name: string,
  run: (gpu: GpuDevice) => Promise<string[]>,
): Promise<CaseResult> {
  const start = performance.now();
  const faults: string[] = [];
  try {
    using gpu = await openDevice();
    faults.push(...await run(gpu));
    await gpu.finish();
  } catch (error) {
    faults.push(String(error));
  }
  return { name, faults, seconds: (performance.now() - start) / 1000 };
}
