/**
 * What training takes where there are many interactions.
 *
 * @module
 */
import { openDevice } from "../../src/gpu/device.ts";
import { settingsFor } from "../../src/models/define_model.ts";
import { lightgcn } from "../../src/models/lightgcn.ts";
import { builtModel } from "../../src/models/model.ts";
import { countRunMemory } from "../cli/memory.ts";
import { generateLarge, type LargeGraph } from "./large_graph.ts";
import { recordSteps } from "./recorded_steps.ts";
import { secondsOf } from "./timing.ts";
import { SEED } from "./workload.ts";

/** What a LightGCN of 64 numbers per vector takes; in bytes. */
export interface TrainingScale extends LargeGraph {
  /** On the GPU at most at once: counted, or as it was. */
  readonly gpuBytes: number;
  /** In main memory, the whole process; with a software adapter's, where steps were done. */
  readonly mainBytes: number;
}

/** Training steps that were done. */
export interface TrainedSteps extends TrainingScale {
  /** The GPU's name. */
  readonly adapter: string;
  /** How many. */
  readonly steps: number;
  /** Triples in each. */
  readonly batchSize: number;
  /** Seconds of each. */
  readonly secondsPerStep: number;
  /** Seconds to record them and to draw their batches, of an epoch's order. */
  readonly secondsToBegin: number;
  /** Their mean loss. */
  readonly loss: number;
}

const SETTINGS = { dim: 64, layers: 2, seed: SEED } as const;

/** Counts what training and ranking take, on a GPU that gathers rows from buffers and binds what is asked. */
export async function countTraining(
  size: LargeGraph,
  onProgress: (what: string) => void,
): Promise<TrainingScale> {
  onProgress(`making a graph of ${size.interactions} interactions`);
  const data = generateLarge(size);
  const { settings, training } = settingsFor(lightgcn, data.name, SETTINGS);
  onProgress("counting the memory of training and ranking");
  return { ...size, ...await countRunMemory(lightgcn, data, settings, training, {}) };
}

/**
 * Trains the first steps of an epoch.
 *
 * @throws {GpuError} when the GPU fails, or leaves a step out.
 */
export async function trainSteps(
  size: LargeGraph,
  onProgress: (what: string) => void,
): Promise<TrainedSteps> {
  onProgress(`making a graph of ${size.interactions} interactions`);
  const data = generateLarge(size);
  using gpu = await openDevice();
  using model = builtModel(await lightgcn.create(gpu, data, SETTINGS));
  const { training } = model;
  onProgress("recording a step and drawing batches");
  const start = performance.now();
  using recorded = recordSteps(gpu, model, { dataset: data, training });
  await gpu.finish();
  const secondsToBegin = (performance.now() - start) / 1000;
  const { step, steps, batch } = recorded;
  onProgress(`training ${steps} steps`);
  let terms: Float32Array | undefined;
  const seconds = await secondsOf(async () => {
    await step.run();
    [terms] = await step.read();
  });
  const { bpr } = model.lossTerms;
  const { index, count } = bpr!;
  const losses = Array.from({ length: steps }, (_, at) => terms![at * count + index]!);
  return {
    ...size,
    adapter: gpu.adapterName,
    steps,
    batchSize: batch.triples,
    secondsPerStep: seconds / steps,
    secondsToBegin,
    loss: losses.reduce((sum, loss) => sum + loss, 0) / steps,
    gpuBytes: gpu.peakBytes,
    mainBytes: Deno.memoryUsage().rss,
  };
}
