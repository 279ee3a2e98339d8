/**
 * How long preparing features takes before training.
 *
 * @module
 */
import type { FeatureMatrix } from "../../src/data/features.ts";
import { generateFeatures } from "./generated_graph.ts";
import { nearestItems } from "../../src/features/nearest.ts";
import { whiten } from "../../src/features/whitening.ts";
import { type GpuDevice, openDevice } from "../../src/gpu/device.ts";
import { secondsOf } from "./timing.ts";
import { SEED, type Workload } from "./workload.ts";

/** Electronics: items and visual features (paper, Table 1 and "Experiment Setup"). */
const ELECTRONICS = { rows: 63_001, width: 4_096 };

/** What was measured of a preparation. */
export interface PreparationCost {
  /** What was done. */
  readonly what: "nearest items" | "whitening";
  /** The modality, or what stands for it. */
  readonly features: string;
  /** Items. */
  readonly rows: number;
  /** Features per item. */
  readonly width: number;
  /** Wall time of one run. */
  readonly seconds: number;
}

/**
 * Times nearest items and whitening for each modality with features, and where asked for on features
 * as large as those of Electronics. Each runs once, on a device of its own.
 *
 * @throws {GpuError} when the GPU fails.
 */
export async function measurePreparation(
  { dataset: { modalities }, settings: { dim, neighbors }, onProgress }: Workload,
  electronics: boolean,
): Promise<PreparationCost[]> {
  const costs: PreparationCost[] = [];
  const measure = async (name: string, features: FeatureMatrix, k: number): Promise<void> => {
    const { rows, width } = features;
    const time = async (
      what: PreparationCost["what"],
      work: (gpu: GpuDevice) => Promise<unknown>,
    ): Promise<void> => {
      onProgress(`${what}, ${name}`);
      using gpu = await openDevice();
      const seconds = await secondsOf(() => work(gpu));
      costs.push({ what, features: name, rows, width, seconds });
    };
    // As features never seen before: what models computed from the same ones is still in memory.
    await time("nearest items", (gpu) => nearestItems(gpu, { ...features }, k));
    await time("whitening", (gpu) => whiten(gpu, { ...features }, dim));
  };
  for (const { name, features } of modalities) {
    if (features) await measure(name, features, neighbors[name] || 1);
  }
  if (electronics) {
    const { rows, width } = ELECTRONICS;
    await measure("as Electronics", generateFeatures(rows, width, SEED), neighbors.image!);
  }
  return costs;
}
