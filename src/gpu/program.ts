/**
 * A program is a list of dispatches, recorded once and replayed as often as needed.
 *
 * Recording makes every pipeline, bind group and parameter block. Replaying only encodes: nothing is
 * allocated, compiled or uploaded by then, which is what makes a training step cheap to repeat.
 *
 * @module
 */
import { type Gpu, GpuError } from "./device.ts";
import { type Kernel, packParams } from "./kernel.ts";
import type { Tensor } from "./tensor.ts";

/** How many invocations, or whole workgroups, a dispatch needs. */
export type DispatchSize = { readonly invocations: number } | { readonly workgroups: number };

/** One recorded dispatch. */
export interface Dispatch {
  /** What runs. */
  readonly kernel: Kernel;
  /** What it runs on, by the names the kernel declares. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** Members of its `Params` struct. */
  readonly params: Readonly<Record<string, number>>;
  /** Both of these as the GPU takes them. */
  readonly bindGroup: GPUBindGroup;
  /** Workgroups in x and y. */
  readonly workgroups: readonly [number, number];
}

/** Encodes one dispatch. */
export function encode(
  pass: GPUComputePassEncoder,
  { kernel, bindGroup, workgroups }: Dispatch,
): void {
  pass.setPipeline(kernel.pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(...workgroups);
}

/**
 * Few command buffers keep the CPU out of the way; none so long that a display driver's watchdog
 * (two seconds on Windows) or a Ctrl-C has to wait for it.
 */
const DISPATCHES_PER_SUBMIT = 512;

/** A recorded list of dispatches. */
export class Program implements Disposable {
  /** The device it runs on. */
  readonly gpu: Gpu;
  /** Name in messages. */
  readonly label: string;
  readonly #dispatches: Dispatch[] = [];
  readonly #uniforms: GPUBuffer[] = [];

  /** An empty program. */
  constructor(gpu: Gpu, label: string) {
    this.gpu = gpu;
    this.label = label;
  }

  /** The kernels dispatched, in order. */
  get kernels(): readonly string[] {
    return this.#dispatches.map(({ kernel }) => kernel.name);
  }

  /** What was recorded, in order, for those who measure it. */
  get dispatches(): readonly Dispatch[] {
    return this.#dispatches;
  }

  /**
   * Appends a dispatch: `tensors` by the names the kernel declares, `params` by the members of its
   * `Params` struct.
   *
   * @throws {GpuError} when a binding or parameter is missing, unknown or out of range.
   */
  dispatch(
    kernel: Kernel,
    tensors: Readonly<Record<string, Tensor>>,
    params: Readonly<Record<string, number>>,
    size: DispatchSize,
  ): void {
    const workgroups = this.#grid(kernel, size);
    if (workgroups[0] === 0) return;
    const { device } = this.gpu;
    const entries = this.#bind(kernel, tensors, params);
    const bindGroup = this.gpu.check(
      `kernel ${kernel.name}`,
      () =>
        device.createBindGroup({
          label: kernel.name,
          layout: kernel.pipeline.getBindGroupLayout(0),
          entries,
        }),
    );
    this.#dispatches.push({ kernel, tensors, params, bindGroup, workgroups });
  }

  /** Encodes and submits the whole list `times` times over. Returns before the GPU is done. */
  run(times = 1): void {
    runPrograms(this.gpu, Array.from({ length: times }, () => this));
  }

  /** Releases the parameter blocks; the tensors belong to whoever made them. */
  [Symbol.dispose](): void {
    for (const uniform of this.#uniforms.splice(0)) this.gpu.release(uniform);
    this.#dispatches.length = 0;
  }

  /**
   * The workgroups in two dimensions, as one holds only so many. Kernels number them x · (size of y) + y,
   * so that those of one y are a strip of the rows, evenly spread (see {@linkcode Gpu.strips}).
   */
  #grid(kernel: Kernel, size: DispatchSize): [number, number] {
    const byInvocation = "invocations" in size;
    const workgroups = byInvocation
      ? Math.ceil(size.invocations / kernel.workgroupSize)
      : size.workgroups;
    const { maxComputeWorkgroupsPerDimension: most } = this.gpu.device.limits;
    const strips = byInvocation ? Math.min(this.gpu.strips, workgroups) : 1;
    const y = Math.max(strips, Math.ceil(workgroups / most));
    if (y > most) {
      throw new GpuError(`Kernel ${kernel.name}: ${workgroups} workgroups are too many.`);
    }
    return [Math.ceil(workgroups / Math.max(1, y)), y];
  }

  #bind(
    kernel: Kernel,
    tensors: Readonly<Record<string, Tensor>>,
    params: Readonly<Record<string, number>>,
  ): GPUBindGroupEntry[] {
    const unknown = Object.keys(tensors).find((name) =>
      !kernel.bindings.some((binding) => binding.name === name)
    );
    if (unknown !== undefined) {
      throw new GpuError(`Kernel ${kernel.name} has no binding "${unknown}".`);
    }
    return kernel.bindings.map(({ name, index, uniform }) => {
      const buffer = uniform ? this.#uniform(kernel, params) : tensors[name]?.buffer;
      if (!buffer) throw new GpuError(`Kernel ${kernel.name}: binding "${name}" is missing.`);
      return { binding: index, resource: { buffer } };
    });
  }

  #uniform(kernel: Kernel, params: Readonly<Record<string, number>>): GPUBuffer {
    const bytes = packParams(kernel, params);
    const flags = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
    const buffer = this.gpu.allocate(`${kernel.name} parameters`, bytes.byteLength, flags);
    this.gpu.device.queue.writeBuffer(buffer, 0, bytes);
    this.#uniforms.push(buffer);
    return buffer;
  }
}

/** Encodes and submits programs one after the other. Returns before the GPU is done. */
export function runPrograms(gpu: Gpu, programs: readonly Program[]): void {
  if (gpu.dry) return;
  const dispatches = programs.flatMap((program) => program.dispatches);
  const label = [...new Set(programs.map((program) => program.label))].join(", ");
  const kernels = [...new Set(programs)].flatMap((program) => program.kernels);
  const what = `program ${label} (${[...new Set(kernels)].join(", ")})`;
  for (let first = 0; first < dispatches.length; first += DISPATCHES_PER_SUBMIT) {
    const part = dispatches.slice(first, first + DISPATCHES_PER_SUBMIT);
    gpu.check(what, () => {
      const encoder = gpu.device.createCommandEncoder({ label });
      const pass = encoder.beginComputePass({ label });
      for (const dispatch of part) encode(pass, dispatch);
      pass.end();
      gpu.device.queue.submit([encoder.finish()]);
    });
  }
}
