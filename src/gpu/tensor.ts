/**
 * Arrays on the GPU: a buffer with a shape and an element type.
 *
 * @module
 */
import { type GpuDevice, GpuError } from "./device.ts";

/** A dense row-major array on the GPU. */
export interface Tensor extends Disposable {
  /** Name in messages. */
  readonly label: string;
  /** Lengths of the dimensions, outermost first: rows, then columns. */
  readonly shape: readonly number[];
  /** The storage behind it, owned by this tensor. */
  readonly buffer: GPUBuffer;
}

/** Consecutive rows of a matrix. */
export interface RowRange {
  /** Number of the first row. */
  readonly firstRow: number;
  /** Number of rows. */
  readonly rowCount: number;
}

/** What can be uploaded: 32-bit elements, as WGSL has no others. */
export type Elements = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** Small tensors are bound as uniforms where kernels declare them so. */
const USAGE = GPUBufferUsage.STORAGE | GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_SRC |
  GPUBufferUsage.COPY_DST;

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
  gpu: GpuDevice,
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

/**
 * Creates tensors that live and die together: all of them, or none.
 *
 * @throws {GpuError} as {@linkcode createTensor} does.
 */
export function createTensors<Name extends string>(
  gpu: GpuDevice,
  parts: Readonly<
    Record<Name, readonly [label: string, shape: readonly number[], data?: Elements]>
  >,
): Readonly<Record<Name, Tensor>> & Disposable {
  using guard = new DisposableStack();
  const tensors = {} as Record<Name, Tensor>;
  for (const name of Object.keys(parts) as Name[]) {
    const [label, shape, data]: readonly [
      label: string,
      shape: readonly number[],
      data?: Elements,
    ] = parts[name];
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
export function write(gpu: GpuDevice, tensor: Tensor, data: Elements): void {
  if (data.length > elementCount(tensor.shape)) {
    throw new GpuError(
      `Cannot write ${data.length} elements to "${tensor.label}" of shape ${
        tensor.shape.join(" × ")
      }.`,
    );
  }
  if (gpu.dry) gpu.uploadBytes += data.byteLength;
  else if (data.length > 0) gpu.device.queue.writeBuffer(tensor.buffer, 0, data);
}

/**
 * Reads whole tensors as floats. A read takes about 11 ms, however many tensors it covers, since WebGPU
 * polls: read tensors together.
 *
 * @throws {GpuError} when anything submitted so far failed.
 */
export async function readFloats(
  gpu: GpuDevice,
  ...tensors: Tensor[]
): Promise<Float32Array<ArrayBuffer>[]> {
  return (await readBytes(gpu, tensors)).map((bytes) => new Float32Array(bytes));
}

/** Reads whole tensors as unsigned integers; see {@linkcode readFloats}. */
export async function readIntegers(
  gpu: GpuDevice,
  ...tensors: Tensor[]
): Promise<Uint32Array<ArrayBuffer>[]> {
  return (await readBytes(gpu, tensors)).map((bytes) => new Uint32Array(bytes));
}

/**
 * Bytes read in one wait. They are first copied within the GPU, so more would take more memory there; less
 * would mean more waits.
 */
export const BYTES_AT_ONCE = 2 ** 25;

/** A range of a tensor's bytes. */
interface Slice {
  readonly tensor: Tensor;
  /** Position of the tensor in the list of those being read. */
  readonly index: number;
  readonly offset: number;
  readonly bytes: number;
}

async function readBytes(gpu: GpuDevice, tensors: readonly Tensor[]): Promise<ArrayBuffer[]> {
  const read = tensors.map(({ shape }) => new Uint8Array(4 * elementCount(shape)));
  for await (const { index, offset, bytes } of readParts(gpu, tensors)) {
    read[index]!.set(bytes, offset);
  }
  return read.map(({ buffer }) => buffer);
}

/** A part of a tensor's bytes, to be used before the next one is asked for. */
export interface TensorPart {
  /** Position of the tensor in the list of those being read. */
  readonly index: number;
  /** Where in the tensor they begin. */
  readonly offset: number;
  /** They themselves. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Reads whole tensors part by part, in order: what is larger than memory, or goes elsewhere at once. Nothing may
 * write to them meanwhile.
 *
 * @throws {GpuError} when anything submitted so far failed.
 */
export async function* readParts(
  gpu: GpuDevice,
  tensors: readonly Tensor[],
): AsyncGenerator<TensorPart> {
  await gpu.verify();
  let group: Slice[] = [], size = 0;
  for (const [index, tensor] of tensors.entries()) {
    const total = 4 * elementCount(tensor.shape);
    for (let offset = 0; offset < total; offset += BYTES_AT_ONCE) {
      const bytes = Math.min(BYTES_AT_ONCE, total - offset);
      if (size + bytes > BYTES_AT_ONCE) {
        yield* readSlices(gpu, group);
        [group, size] = [[], 0];
      }
      group.push({ tensor, index, offset, bytes });
      size += bytes;
    }
  }
  yield* readSlices(gpu, group);
}

async function* readSlices(gpu: GpuDevice, slices: readonly Slice[]): AsyncGenerator<TensorPart> {
  const encoder = gpu.device.createCommandEncoder({ label: "read" });
  const stagings = slices.map(({ tensor: { label, buffer }, offset, bytes }) => {
    const flags = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const staging = gpu.allocate(`reading of ${label}`, bytes, flags);
    if (!gpu.dry) encoder.copyBufferToBuffer(buffer, offset, staging, 0, bytes);
    return staging;
  });
  try {
    if (gpu.dry) return await gpu.verify(); // awaits, as a real read does, so that other reads interleave alike
    await mapAll(gpu, encoder, stagings);
    for (const [i, { index, offset, bytes }] of slices.entries()) {
      const mapped = stagings[i]!.getMappedRange(0, stagings[i]!.size);
      yield { index, offset, bytes: new Uint8Array(mapped, 0, bytes) };
    }
  } finally {
    for (const staging of stagings) gpu.release(staging);
  }
}

async function mapAll(
  gpu: GpuDevice,
  encoder: GPUCommandEncoder,
  stagings: readonly GPUBuffer[],
): Promise<void> {
  try {
    gpu.device.queue.submit([encoder.finish()]);
    gpu.waits++;
    await Promise.all(stagings.map((staging) => staging.mapAsync(GPUMapMode.READ)));
    await gpu.verify();
  } catch (error) {
    // A mapping fails because of an earlier fault; finish() throws that one.
    await gpu.finish();
    throw error;
  }
}
