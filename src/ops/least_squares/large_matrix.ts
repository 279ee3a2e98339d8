/**
 * A square matrix that may be larger than what a kernel can bind: some of its rows in each of several tensors.
 *
 * @module
 */
import { type GpuDevice, GpuError } from "../../gpu/device.ts";
import { getKernel } from "../../gpu/kernel.ts";
import { Program } from "../../gpu/program.ts";
import {
  createTensor,
  createTensors,
  readFloats,
  readParts,
  type Tensor,
} from "../../gpu/tensor.ts";
import gatherElementsCode from "../../../kernels/gather_elements.wgsl" with { type: "text" };

/** The matrix. */
export interface LargeMatrix extends Disposable {
  /** Rows, and columns: a multiple of 64. */
  readonly size: number;
  /** Its rows, in order. */
  readonly slabs: readonly Slab[];
}

/** Rows that follow each other. */
export interface Slab {
  /** The number of the first. */
  readonly firstRow: number;
  /** rows × size, rows a multiple of 64. */
  readonly rows: Tensor;
}

/** What slabs are a multiple of, and the size. */
export const SLAB_ROWS = 64;

/** Bytes of a matrix at most; WebGPU does not tell how much memory there is. */
const MOST_BYTES = 4 * 2 ** 30;

/**
 * Allocates a matrix of zeros.
 *
 * @param least At least so many rows.
 * @param slabBytes Bytes of a slab at most, if it has more than 64 rows; what a kernel can bind unless told.
 * @throws {GpuError} when it would take more than 4 GiB, or than there are.
 */
export function createLargeMatrix(
  gpu: GpuDevice,
  label: string,
  least: number,
  slabBytes: number = mostBound(gpu),
): LargeMatrix {
  const size = SLAB_ROWS * Math.ceil(least / SLAB_ROWS), rowBytes = 4 * size;
  if (size * rowBytes > MOST_BYTES) {
    const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);
    throw new GpuError(
      `"${label}" of ${least} × ${least} would take ${gigabytes(size * rowBytes)} GB, and ` +
        `${gigabytes(MOST_BYTES)} GB is the most.`,
    );
  }
  const fitting = SLAB_ROWS * Math.max(1, Math.floor(slabBytes / (SLAB_ROWS * rowBytes)));
  using guard = new DisposableStack();
  const slabs: Slab[] = [];
  for (let firstRow = 0; firstRow < size; firstRow += fitting) {
    const shape = [Math.min(fitting, size - firstRow), size];
    slabs.push({ firstRow, rows: guard.use(createTensor(gpu, label, shape)) });
  }
  const owned = guard.move();
  return { size, slabs, [Symbol.dispose]: () => owned.dispose() };
}

function mostBound({ device: { limits } }: GpuDevice): number {
  return Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
}

/**
 * Reads the diagonal, and no more than that.
 *
 * @throws {GpuError} when anything submitted so far failed.
 */
export async function readDiagonal(
  gpu: GpuDevice,
  { size, slabs }: LargeMatrix,
): Promise<Float32Array<ArrayBuffer>> {
  using resources = new DisposableStack();
  const program = resources.use(new Program(gpu, "diagonal"));
  const parts = slabs.map(({ firstRow, rows: source }) => {
    const [elements] = source.shape as [number];
    const places = Uint32Array.from(
      { length: elements },
      (_, row) => row * size + firstRow + row,
    );
    const { place, output } = resources.use(createTensors(gpu, {
      place: ["places on the diagonal", [elements], places],
      output: ["diagonal", [elements]],
    }));
    program.dispatch(
      getKernel(gpu, { name: "gather_elements", code: gatherElementsCode }),
      { place, source, output },
      { elements },
      { invocations: elements },
    );
    return output;
  });
  program.run();
  const diagonal = new Float32Array(size);
  const read = await readFloats(gpu, ...parts);
  slabs.forEach(({ firstRow }, slab) => diagonal.set(read[slab]!, firstRow));
  return diagonal;
}

/**
 * The first rows with their numbers, each to be used before the next one is asked for.
 *
 * @throws {GpuError} when anything submitted so far failed.
 */
export async function* readRows(
  gpu: GpuDevice,
  { size, slabs }: LargeMatrix,
  count: number,
): AsyncGenerator<readonly [row: number, values: Float32Array<ArrayBuffer>]> {
  const values = new Float32Array(size), bytes = new Uint8Array(values.buffer);
  let row = 0, filled = 0;
  for await (const part of readParts(gpu, slabs.map(({ rows }) => rows))) {
    for (let at = 0; at < part.bytes.length && row < count;) {
      const taken = part.bytes.subarray(at, at + bytes.length - filled);
      bytes.set(taken, filled);
      at += taken.length;
      filled += taken.length;
      if (filled < bytes.length) break;
      filled = 0;
      yield [row++, values];
    }
  }
}
