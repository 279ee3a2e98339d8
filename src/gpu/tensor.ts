/**
 * Arrays on the GPU: a buffer with a shape and an element type.
 *
 * @module
 */
import { type Gpu, GpuError } from "./device.ts";

/** A dense row-major array on the GPU. */
export interface Tensor extends Disposable {
  /** Name in messages. */
  readonly label: string;
  /** Sizes, slowest first. */
  readonly shape: readonly number[];
  /** The storage behind it, owned by this tensor. */
  readonly buffer: GPUBuffer;
}

/** What can be uploaded: 32-bit elements, as WGSL has no others. */
export type Elements = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

const USAGE = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

/** The number of elements of a shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * Creates a tensor of 32-bit elements, zero-filled or holding `data`.
 *
 * @throws {GpuError} when the size exceeds the adapter's limits or `data` does not fit the shape.
 */
export function createTensor(
  gpu: Gpu,
  label: string,
  shape: readonly number[],
  data?: Elements,
): Tensor {
  const buffer = gpu.allocate(label, elementCount(shape) * 4, USAGE);
  const tensor: Tensor = { label, shape, buffer, [Symbol.dispose]: () => gpu.release(buffer) };
  using guard = new DisposableStack();
  guard.use(tensor);
  if (data) write(gpu, tensor, data);
  guard.move();
  return tensor;
}

/** What {@linkcode createTensor} makes a tensor of. */
type TensorParts = readonly [label: string, shape: readonly number[], data?: Elements];

/**
 * Creates tensors that live and die together: all of them, or none.
 *
 * @throws {GpuError} as {@linkcode createTensor} does.
 */
export function createTensors<Name extends string>(
  gpu: Gpu,
  parts: Readonly<Record<Name, TensorParts>>,
): Readonly<Record<Name, Tensor>> & Disposable {
  using guard = new DisposableStack();
  const tensors = {} as Record<Name, Tensor>;
  for (const name of Object.keys(parts) as Name[]) {
    const [label, shape, data]: TensorParts = parts[name];
    tensors[name] = guard.use(createTensor(gpu, label, shape, data));
  }
  const owned = guard.move();
  return { ...tensors, [Symbol.dispose]: () => owned.dispose() };
}

/**
 * Overwrites the first `data.length` elements, after all work submitted so far.
 *
 * @throws {GpuError} when there are more elements than the tensor holds.
 */
export function write(gpu: Gpu, tensor: Tensor, data: Elements): void {
  if (data.length > elementCount(tensor.shape)) {
    throw new GpuError(
      `Cannot write ${data.length} elements to "${tensor.label}" of shape ${
        tensor.shape.join(" × ")
      }.`,
    );
  }
  if (data.length > 0 && !gpu.dry) gpu.device.queue.writeBuffer(tensor.buffer, 0, data);
}

/**
 * Reads whole tensors as floats, in one wait: readbacks poll, so that two cost as much as one.
 *
 * @throws {GpuError} when anything submitted so far failed.
 */
export async function readFloats(
  gpu: Gpu,
  ...tensors: Tensor[]
): Promise<Float32Array<ArrayBuffer>[]> {
  return (await readBytes(gpu, tensors)).map((bytes) => new Float32Array(bytes));
}

/** The same for unsigned integers. */
export async function readIntegers(
  gpu: Gpu,
  ...tensors: Tensor[]
): Promise<Uint32Array<ArrayBuffer>[]> {
  return (await readBytes(gpu, tensors)).map((bytes) => new Uint32Array(bytes));
}

async function readBytes(gpu: Gpu, tensors: readonly Tensor[]): Promise<ArrayBuffer[]> {
  await gpu.verify();
  const encoder = gpu.device.createCommandEncoder({ label: "read" });
  const stagings = tensors.map(({ label, shape, buffer }) => {
    const flags = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const staging = gpu.allocate(`reading of ${label}`, 4 * elementCount(shape), flags);
    encoder.copyBufferToBuffer(buffer, 0, staging, 0, staging.size);
    return staging;
  });
  if (gpu.dry) {
    for (const staging of stagings) gpu.release(staging);
    return tensors.map(({ shape }) => new ArrayBuffer(4 * elementCount(shape)));
  }
  gpu.device.queue.submit([encoder.finish()]);
  try {
    await Promise.all(stagings.map((staging) => staging.mapAsync(GPUMapMode.READ)));
    await gpu.verify();
    return stagings.map((staging, index) => {
      const bytes = elementCount(tensors[index]!.shape) * 4;
      return staging.getMappedRange(0, staging.size).slice(0, bytes);
    });
  } catch (error) {
    // The cause of a failed mapping is the fault that came before it.
    await gpu.finish();
    throw error;
  } finally {
    for (const staging of stagings) gpu.release(staging);
  }
}
