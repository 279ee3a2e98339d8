/**
 * Kernels put together from parts: each a .wgsl file with what it is bound to.
 *
 * A kernel leaves functions open that its parts declare, so that one loop serves for many operations:
 * kernels/gather.wgsl does not say which rows it sums up, nor what becomes of a sum.
 *
 * @module
 */
import { GpuError } from "./device.ts";
import type { Image } from "./gather/image.ts";
import { getKernel, type ShaderFile } from "./kernel.ts";
import type { DispatchSize, Program } from "./program.ts";
import type { Tensor } from "./tensor.ts";

/** A .wgsl file, and what it is dispatched with by the names it declares. */
export interface KernelPart {
  /** The file. */
  readonly source: ShaderFile;
  /** What it reads and writes. */
  readonly tensors?: Readonly<Record<string, Tensor>>;
  /** What it reads as images. */
  readonly images?: Readonly<Record<string, Image>>;
  /** Its `override` constants. */
  readonly constants?: Readonly<Record<string, number>>;
  /** Members of its `Params` struct: one of the files may have one. */
  readonly params?: Readonly<Record<string, number>>;
}

/**
 * Records a dispatch of a kernel with its parts.
 *
 * @throws {GpuError} as {@linkcode Program.dispatch} does, and when two files call different tensors alike.
 */
export function dispatchParts(
  program: Program,
  kernel: KernelPart,
  parts: readonly KernelPart[],
  size: DispatchSize,
): void {
  const all = [kernel, ...parts];
  const source = { ...kernel.source, parts: parts.map((part) => part.source) };
  program.dispatch(
    getKernel(program.gpu, source, together(all.map(({ constants }) => constants))),
    together(all.map(({ tensors }) => tensors)),
    together(all.map(({ params }) => params)),
    size,
    together(all.map(({ images }) => images)),
  );
}

/** One record of all, of which none may contradict another. */
function together<Value>(
  records: readonly (Readonly<Record<string, Value>> | undefined)[],
): Readonly<Record<string, Value>> {
  const entries = records.flatMap((record) => Object.entries(record ?? {}));
  const all = Object.fromEntries(entries);
  const twice = entries.find(([name, value]) => all[name] !== value);
  if (twice) throw new GpuError(`Two parts of a kernel mean different things by "${twice[0]}".`);
  return all;
}
