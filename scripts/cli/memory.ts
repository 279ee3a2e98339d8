/**
 * How much memory a run takes, on the GPU and in main memory.
 *
 * @module
 */
import type { Dataset } from "../../src/data/dataset.ts";
import { GpuDevice, type GpuOptions, openDevice } from "../../src/gpu/device.ts";
import type { ModelKind } from "../../src/models/model.ts";
import { countMemoryOn } from "../../src/training/count_memory.ts";
import type { TrainOptions } from "../../src/training/train_options.ts";

/** What a run takes at most at once, in bytes. */
export interface RunMemory {
  /** On the GPU. */
  readonly gpuBytes: number;
  /** Main memory of the process, about: measured where the model is made, counted for what follows. */
  readonly mainBytes: number;
  /** Why the adapter at hand would not do, in a sentence. */
  readonly refused?: string;
}

/** Looks at the process's memory at each allocation, when what is to be uploaded is there. */
class WatchedDevice extends GpuDevice {
  /** The most bytes of the process so far. */
  mostBytes = 0;

  override allocate(...what: Parameters<GpuDevice["allocate"]>): GPUBuffer {
    this.mostBytes = Math.max(this.mostBytes, Deno.memoryUsage().rss);
    return super.allocate(...what);
  }
}

/**
 * Counts what a run takes, the dataset being loaded: graphs are made, but nothing is computed on the GPU.
 *
 * @param adapter What the GPU is like; the one at hand unless told.
 * @throws {InputError} when a setting is out of range or the dataset lacks what the model needs.
 */
export async function countRunMemory(
  kind: ModelKind,
  data: Dataset,
  settings: Readonly<Record<string, unknown>>,
  training: TrainOptions,
  adapter?: GpuOptions,
): Promise<RunMemory> {
  const { device, adapterName, gathersFromImages, strips } = await openDevice({ dry: true });
  const likeIt = adapter ?? { gathersFromImages, strips };
  using gpu = new WatchedDevice(device, adapterName, { ...likeIt, dry: true });
  const { gpuBytes, uploadBytes, mainBytes, refused } = await countMemoryOn(
    gpu,
    kind,
    data,
    settings,
    training,
  );
  const made = gpu.mostBytes + uploadBytes, trained = Deno.memoryUsage().rss + mainBytes;
  return { gpuBytes, mainBytes: Math.max(made, trained), ...(refused && { refused }) };
}
