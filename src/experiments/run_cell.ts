/**
 * Runs one cell of an experiment on a device of its own.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { openGpu } from "../gpu/device.ts";
import type { TrainResult } from "../training/train.ts";
import { type Experiment, runExperiment } from "./experiment.ts";

/**
 * Runs an experiment, or reads what the same one gave before.
 *
 * @param out Folder in which results are kept; needs Deno. Nothing is kept without.
 * @throws {InputError} when a setting is out of range or the dataset lacks what the model needs.
 * @throws {GpuError} when the GPU fails. Whatever `training.signal` was aborted with is thrown, too.
 */
export async function runCell(
  data: Dataset,
  experiment: Experiment,
  out: string | undefined,
): Promise<TrainResult> {
  if (out === undefined) {
    using gpu = await openGpu();
    return await runExperiment(gpu, data, experiment);
  }
  // Not a static import: what browsers load must not reach Deno's own functions.
  const { runOrRead } = await import("./kept_result.ts");
  return await runOrRead(out, data, experiment);
}
