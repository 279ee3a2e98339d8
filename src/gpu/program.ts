/**
 * A program is a list of dispatches, copies and clearings, recorded once and replayed as often as needed.
 *
 * Recording makes every pipeline, bind group and parameter block. Replaying only encodes: nothing is
 * allocated, compiled or uploaded by then, which is what makes a training step cheap to repeat.
 *
 * @module
 */
import { type GpuDevice, GpuError } from "./device.ts";
import { encodeCopy, type Image, type MatrixImage } from "./gather/image.ts";
import { type Kernel, packParams } from "./kernel.ts";
import type { RowRange, Tensor } from "./tensor.ts";

/** How many invocations, or whole workgroups, a dispatch needs. */
export type DispatchSize = { readonly invocations: number } | { readonly workgroups: number };

/** One recorded dispatch. */
export interface Dispatch {
  /** The compiled kernel. */
  readonly kernel: Kernel;
  /** Buffers it reads and writes, by the names the kernel declares. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** Images it reads, by the names the kernel declares. */
  readonly images: Readonly<Record<string, Image>>;
  /** Values of its `Params` struct. */
  readonly params: Readonly<Record<string, number>>;
  /** Tensors, images and parameters, bound for the GPU. */
  readonly bindGroup: GPUBindGroup;
  /** Number of workgroups in x and y. */
  readonly workgroups: readonly [number, number];
}

/** A recorded copy of rows of a matrix to an image. */
export interface Copy {
  /** The matrix copied from. */
  readonly from: Tensor;
  /** The image copied to, with as many columns. */
  readonly to: MatrixImage;
  /** The rows copied, which become the image's first ones. */
  readonly rows: RowRange;
}

/** A recorded clearing of a tensor to zero. */
export interface Clear {
  /** The tensor that is cleared. */
  readonly cleared: Tensor;
}

/** One entry of a program. */
export type Command = Dispatch | Copy | Clear;

/** What tables call a command: the name of its kernel, "copy to image" or "clear". */
export function nameOf(command: Command): string {
  if ("kernel" in command) return command.kernel.name;
  return "to" in command ? "copy to image" : "clear";
}

/** Encodes commands in order; dispatches that follow each other share a pass. */
export function encode(
  encoder: GPUCommandEncoder,
  commands: readonly Command[],
  label?: string,
): void {
  let pass: GPUComputePassEncoder | undefined;
  for (const command of commands) {
    if ("kernel" in command) {
      pass ??= encoder.beginComputePass({ label });
      encodeDispatch(pass, command);
    } else {
      pass?.end();
      pass = undefined;
      if ("to" in command) {
        encodeCopy(encoder, command.from.buffer, command.to, command.rows);
      } else {
        encoder.clearBuffer(command.cleared.buffer);
      }
    }
  }
  pass?.end();
}

/** Encodes one dispatch. */
export function encodeDispatch(
  pass: GPUComputePassEncoder,
  { kernel, bindGroup, workgroups }: Dispatch,
): void {
  pass.setPipeline(kernel.pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(...workgroups);
}

/**
 * Commands in one submission. Every submission costs the CPU time, so there should be few; a submission
 * that runs for seconds would trip a display driver's watchdog (two seconds on Windows) and delay Ctrl-C.
 */
const COMMANDS_PER_SUBMIT = 512;

/** A recorded list of commands. */
export class Program implements Disposable {
  /** The device it runs on. */
  readonly gpu: GpuDevice;
  /** Name in messages. */
  readonly label: string;
  readonly #commands: Command[] = [];
  readonly #uniforms: GPUBuffer[] = [];

  /** An empty program. */
  constructor(gpu: GpuDevice, label: string) {
    this.gpu = gpu;
    this.label = label;
  }

  /** The kernels dispatched, in order. */
  get kernels(): readonly string[] {
    return this.#commands.flatMap((command) => "kernel" in command ? [command.kernel.name] : []);
  }

  /** The recorded commands, in order; scripts/bench times them one by one. */
  get commands(): readonly Command[] {
    return this.#commands;
  }

  /**
   * Appends a copy of a matrix's rows, all or some of them, to an image.
   *
   * @throws {GpuError} when it has no such rows, or the image no room for them.
   */
  copy(from: Tensor, to: MatrixImage, rows?: RowRange): void {
    const [height, dim] = from.shape;
    const { firstRow, rowCount } = rows ?? { firstRow: 0, rowCount: height! };
    const inside = from.shape.length === 2 && firstRow + rowCount <= height!;
    if (!inside || rowCount > to.rows || dim !== 4 * to.dim4) {
      const what = `"${from.label}" of ${from.shape.join(" × ")}`;
      const room = `an image of ${to.rows} × ${4 * to.dim4}`;
      throw new GpuError(
        rows
          ? `Rows ${firstRow} to ${firstRow + rowCount - 1} of ${what} do not fit ${room}.`
          : `${what} does not fit ${room}.`,
      );
    }
    this.#commands.push({ from, to, rows: { firstRow, rowCount } });
  }

  /** Appends the clearing of a tensor to zero. */
  clear(cleared: Tensor): void {
    this.#commands.push({ cleared });
  }

  /**
   * Appends a dispatch: `tensors` and `images` by the names the kernel declares, `params` by the members
   * of its `Params` struct.
   *
   * @throws {GpuError} when a binding or parameter is missing, unknown or out of range.
   */
  dispatch(
    kernel: Kernel,
    tensors: Readonly<Record<string, Tensor>>,
    params: Readonly<Record<string, number>>,
    size: DispatchSize,
    images: Readonly<Record<string, Image>> = {},
  ): void {
    const workgroups = this.#grid(kernel, size);
    if (workgroups[0] === 0) return;
    const { device } = this.gpu;
    const entries = this.#bind(kernel, tensors, params, images);
    const bindGroup = this.gpu.check(
      `kernel ${kernel.name}`,
      () =>
        device.createBindGroup({
          label: kernel.name,
          layout: kernel.pipeline.getBindGroupLayout(0),
          entries,
        }),
    );
    this.#commands.push({ kernel, tensors, images, params, bindGroup, workgroups });
  }

  /** Encodes and submits the whole list `times` times over. Returns before the GPU is done. */
  run(times = 1): void {
    runPrograms(this.gpu, Array.from({ length: times }, () => this));
  }

  /** Releases the parameter buffers; the tensors belong to their creators. */
  [Symbol.dispose](): void {
    for (const uniform of this.#uniforms.splice(0)) this.gpu.release(uniform);
    this.#commands.length = 0;
  }

  /**
   * The workgroups in two dimensions, as one holds only so many. Kernels number them x · (size of y) + y:
   * those of one y are spread over all rows. A software adapter gives each of its threads one stretch of
   * workgroups, y after y, and in order of rows the thread with the items' long rows would end last.
   * Kernels that are given a number of workgroups may go by x alone.
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
    images: Readonly<Record<string, Image>>,
  ): GPUBindGroupEntry[] {
    const unknown = Object.keys({ ...tensors, ...images }).find((name) =>
      !kernel.bindings.some((binding) => binding.name === name)
    );
    if (unknown !== undefined) {
      throw new GpuError(`Kernel ${kernel.name} has no binding "${unknown}".`);
    }
    return kernel.bindings.map(({ name, index, uniform }) => {
      const view = images[name]?.view;
      if (view) return { binding: index, resource: view };
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
export function runPrograms(gpu: GpuDevice, programs: readonly Program[]): void {
  if (gpu.dry) return;
  const commands = programs.flatMap((program) => program.commands);
  const label = [...new Set(programs.map((program) => program.label))].join(", ");
  const kernels = [...new Set(programs)].flatMap((program) => program.kernels);
  const what = `program ${label} (${[...new Set(kernels)].join(", ")})`;
  for (let first = 0; first < commands.length; first += COMMANDS_PER_SUBMIT) {
    gpu.check(what, () => {
      const encoder = gpu.device.createCommandEncoder({ label });
      encode(encoder, commands.slice(first, first + COMMANDS_PER_SUBMIT), label);
      gpu.device.queue.submit([encoder.finish()]);
    });
  }
}
