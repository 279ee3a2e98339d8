/**
 * The runs that --runs names for a blend, with weights or without.
 *
 * @module
 */
import { resolve } from "node:path";
import type { Dataset } from "../../src/data/dataset.ts";
import { blendWeights } from "../../src/experiments/blend_weights.ts";
import { CACHE_FOLDER } from "../../src/features/preparation.ts";
import type { Gpu } from "../../src/gpu/device.ts";
import { InputError } from "../../src/input_error.ts";
import { toNumber } from "./command_line.ts";
import type { Options } from "./model_options.ts";
import { createProgress } from "./progress.ts";

/** Runs of a blend. */
export interface RunFolders {
  /** Their weights by their folders, as paths that stay right elsewhere; all 1 where none are given. */
  readonly weights: Readonly<Record<string, number>>;
  /** Whether weights are given. */
  readonly given: boolean;
}

/**
 * Reads --runs.
 *
 * @throws {InputError} when there is none, a weight is no number, or some runs have weights and others not.
 */
export function runFolders({ runs }: Options): RunFolders {
  if (typeof runs !== "string" || runs === "") {
    throw new InputError("--model blend needs --runs A,B: folders of runs on the dataset.");
  }
  const parts = runs.split(",").map((part) => {
    const [, folder, weight] = /^(.*?)(?:=([^=/\\]*))?$/.exec(part)!;
    return { folder: resolve(folder!), weight };
  });
  const given = parts.filter(({ weight }) => weight !== undefined).length;
  if (given > 0 && given < parts.length) {
    throw new InputError(`--runs is "${runs}", but must have a weight for each run, or none.`);
  }
  const weights = parts.map(({ folder, weight = "1" }) => [folder, toNumber("runs", weight)!]);
  return { weights: Object.fromEntries(weights), given: given > 0 };
}

/** Chooses weights by validation, and tells how far that is and what came of it. */
export async function weigh(
  gpu: Gpu,
  data: Dataset,
  { weights: runs }: RunFolders,
): Promise<Record<string, number>> {
  let line: ReturnType<typeof createProgress> | undefined;
  const weights = await blendWeights(gpu, data, Object.keys(runs), {
    cacheFolder: CACHE_FOLDER,
    onProgress: (done, total, best) => {
      line ??= createProgress({ label: "weights", total, unit: "evaluations" });
      line.update(done, `best validation ${best.toFixed(4)}`);
    },
  });
  line?.finish();
  for (const [folder, weight] of Object.entries(weights)) {
    console.error(`${Number(weight.toFixed(3))} × ${folder}`);
  }
  return weights;
}
