/**
 * Tensors as checkpoints hold them.
 *
 * @module
 */
import type { GpuDevice } from "../gpu/device.ts";
import { elementCount, readFloats, readParts, type Tensor, write } from "../gpu/tensor.ts";
import type { BuiltModel } from "./model.ts";

/** An array as it is saved. */
export interface SavedTensor {
  /** Sizes, slowest first. */
  readonly shape: readonly number[];
  /** Elements, row-major. */
  readonly data: Float32Array<ArrayBuffer>;
}

/** Parameters, their moments and the model's buffers, as they are saved. */
export interface TrainingState {
  /** Epochs trained. */
  readonly epoch: number;
  /**
   * By name: a parameter's running means of gradients and squared gradients are
   * NAME.first_moment and NAME.second_moment.
   */
  readonly tensors: Readonly<Record<string, SavedTensor>>;
}

/** Parameters and what else is saved, on their way to a file. */
export interface StreamedState {
  /** Epochs trained. */
  readonly epoch: number;
  /** Shapes by name. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** The floats of all, one array after the other, in parts to be used before the next one is asked for. */
  readonly parts: Iterable<Uint8Array<ArrayBuffer>> | AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/** Whether a saved tensor is the optimizer's own. */
export function isMoment(name: string): boolean {
  return /\.(first|second)_moment$/.test(name);
}

/** What a model is restored from, by name: all but the optimizer's own. */
export function modelTensors(
  { parameters, buffers }: BuiltModel,
): Readonly<Record<string, Tensor>> {
  return { ...parameters, ...buffers };
}

/** Shapes by name. */
export function shapesOf(
  tensors: Readonly<Record<string, Tensor>>,
): Readonly<Record<string, readonly number[]>> {
  return Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]));
}

/** Overwrites each tensor with the saved one of its name, which must be there. */
export function writeTensors(
  gpu: GpuDevice,
  tensors: Readonly<Record<string, Tensor>>,
  saved: Readonly<Record<string, SavedTensor>>,
): void {
  for (const [name, tensor] of Object.entries(tensors)) write(gpu, tensor, saved[name]!.data);
}

/** Copies each tensor to the one of its name, which has the same shape, without leaving the GPU. */
export function copyTensors(
  gpu: GpuDevice,
  what: string,
  from: Readonly<Record<string, Tensor>>,
  to: Readonly<Record<string, Tensor>>,
): void {
  if (gpu.dry) return;
  gpu.submit(what, (encoder) => {
    for (const [name, { shape, buffer }] of Object.entries(from)) {
      encoder.copyBufferToBuffer(buffer, 0, to[name]!.buffer, 0, 4 * elementCount(shape));
    }
  });
}

/**
 * Reads tensors, by name.
 *
 * @throws {GpuError} when anything submitted so far failed.
 */
export async function readTensors(
  gpu: GpuDevice,
  tensors: Readonly<Record<string, Tensor>>,
): Promise<Record<string, SavedTensor>> {
  const data = await readFloats(gpu, ...Object.values(tensors));
  const names = Object.entries(tensors);
  return Object.fromEntries(
    names.map(([name, { shape }], i) => [name, { shape, data: data[i]! }]),
  );
}

/**
 * Tensors to be written where they are read, so that they need no main memory.
 *
 * @param epoch Epochs trained.
 */
export function streamTensors(
  gpu: GpuDevice,
  tensors: Readonly<Record<string, Tensor>>,
  epoch: number,
): StreamedState {
  return { epoch, shapes: shapesOf(tensors), parts: partsOf(gpu, Object.values(tensors)) };
}

async function* partsOf(
  gpu: GpuDevice,
  tensors: readonly Tensor[],
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const { bytes } of readParts(gpu, tensors)) yield bytes;
}

/** A state in memory, to be written. */
export function streamState({ epoch, tensors }: TrainingState): StreamedState {
  const arrays = Object.values(tensors).map(({ data }) => data);
  return {
    epoch,
    shapes: Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape])),
    parts: arrays.map((data) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  };
}
