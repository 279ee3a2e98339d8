/**
 * Tensors as checkpoints hold them.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { elementCount, readFloats, type Tensor } from "../gpu/tensor.ts";

/** An array as it is saved. */
export interface SavedTensor {
  /** Sizes, slowest first. */
  readonly shape: readonly number[];
  /** Elements, row-major. */
  readonly data: Float32Array<ArrayBuffer>;
}

/** What is read at once: it stands a second time on the GPU, but every wait takes its time. */
const BYTES_AT_ONCE = 2 ** 23;

/**
 * Reads tensors, by name.
 *
 * @throws {GpuError} when anything submitted so far failed.
 */
export async function readTensors(
  gpu: Gpu,
  tensors: Readonly<Record<string, Tensor>>,
): Promise<Record<string, SavedTensor>> {
  const saved: Record<string, SavedTensor> = {};
  let waiting: [string, Tensor][] = [], bytes = 0;
  const read = async (): Promise<void> => {
    const data = await readFloats(gpu, ...waiting.map(([, tensor]) => tensor));
    waiting.forEach(([name, { shape }], i) => saved[name] = { shape, data: data[i]! });
    waiting = [];
    bytes = 0;
  };
  for (const [name, tensor] of Object.entries(tensors)) {
    const more = 4 * elementCount(tensor.shape);
    if (waiting.length > 0 && bytes + more > BYTES_AT_ONCE) await read();
    waiting.push([name, tensor]);
    bytes += more;
  }
  await read();
  return saved;
}
