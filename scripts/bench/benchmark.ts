/**
 * Measures how fast and how large the whole program is, part by part.
 *
 * @module
 */
import type { Dataset } from "../../src/data/dataset.ts";
import { openDevice } from "../../src/gpu/device.ts";
import { copyBandwidth } from "./timing.ts";
import { type Growth, measureGrowth } from "./growth.ts";
import { measureModels, type ModelCosts } from "./model_costs.ts";
import { comparePeer, peerArguments, type PeerComparison, type PeerOptions } from "./peer.ts";
import { requirePeer } from "./peer_process.ts";
import { measurePreparation, type PreparationCost } from "./preparation_costs.ts";
import { profileStep, type StepProfile } from "./step_profile.ts";
import { stairSettings, type Workload } from "./workload.ts";

/** What to measure. */
export interface BenchmarkOptions {
  /** Epochs per model, and turns with the peer. */
  readonly epochs: number;
  /** Whether to prepare features as large as Electronics'. */
  readonly electronics?: boolean;
  /** Size of the largest generated graph, as a multiple of the dataset; no graphs if undefined. */
  readonly largest?: number;
  /** A program to compare with. */
  readonly peer?: PeerOptions;
  /** Called with what is being measured. */
  readonly onProgress?: (what: string) => void;
}

/** All that was measured. */
export interface Benchmark {
  /** The GPU's name. */
  readonly adapter: string;
  /** Bytes per second of copying between buffers, read and written. */
  readonly copyBytesPerSecond: number;
  /** What was trained on. */
  readonly dataset: {
    /** Its folder's name. */
    readonly name: string;
    /** Number of users. */
    readonly users: number;
    /** Number of items. */
    readonly items: number;
    /** Train interactions. */
    readonly train: number;
  };
  /** Triples per step. */
  readonly batchSize: number;
  /** STAIR's step. */
  readonly step: StepProfile;
  /** One entry per model. */
  readonly models: readonly ModelCosts[];
  /** One entry per modality and kind. */
  readonly preparation: readonly PreparationCost[];
  /** Present if it was asked for. */
  readonly peer?: PeerComparison;
  /** Present if it was asked for. */
  readonly growth?: readonly Growth[];
}

/**
 * Measures everything on a dataset, each part on a device of its own.
 *
 * @throws {InputError} when the dataset cannot be trained on, or the peer not be run.
 * @throws {GpuError} when the GPU fails.
 */
export async function runBenchmark(
  dataset: Dataset,
  { epochs, electronics = false, largest, peer, onProgress = () => {} }: BenchmarkOptions,
): Promise<Benchmark> {
  const workload: Workload = { dataset, ...stairSettings(dataset.name), onProgress };
  if (peer) { // fail before the long measurements, not after
    peerArguments(workload);
    await requirePeer(peer.path);
  }
  const copy = await measureCopy(workload);
  return {
    ...copy,
    dataset: {
      name: dataset.name,
      users: dataset.userCount,
      items: dataset.itemCount,
      train: dataset.train.column.length,
    },
    batchSize: workload.training.batchSize,
    step: await profileStep(workload, copy.copyBytesPerSecond),
    models: await measureModels(workload, epochs),
    preparation: await measurePreparation(workload, electronics),
    ...(peer && { peer: await comparePeer(workload, peer, epochs) }),
    ...(largest && { growth: await measureGrowth(workload, largest) }),
  };
}

async function measureCopy(
  { onProgress }: Workload,
): Promise<Pick<Benchmark, "adapter" | "copyBytesPerSecond">> {
  onProgress("copying between buffers");
  using gpu = await openDevice();
  return { adapter: gpu.adapterName, copyBytesPerSecond: await copyBandwidth(gpu) };
}
