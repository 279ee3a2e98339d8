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
  /** Tensors, images and parameters, bound for the GPU; then the records, for a kernel that asks for them. */
  readonly bindGroups: readonly GPUBindGroup[];
  /** Number of workgroups in x and y. */
  readonly workgroups: readonly [number, number];
  /** The records that it sees in every step, where they do not depend on it. */
  readonly step?: Step;
}

/** A recorded copy of rows of a matrix to an image. */
export interface Copy {
  /** The matrix copied from. */
  readonly from: Tensor;
  /** The image copied to, with as many columns. */
  readonly to: MatrixImage;
  /** The rows copied in a step, which become the image's first ones. */
  readonly rows: (step: Step) => RowRange;
}

/** A recorded clearing of a tensor to zero. */
export interface Clear {
  /** The tensor that is cleared. */
  readonly cleared: Tensor;
}

/** A recorded note that a step is done. */
export interface Note {
  /** The clock, of which the step's `count` is copied. */
  readonly clock: Tensor;
  /** One number per step, of which the step's is set. */
  readonly done: Tensor;
}

/** One entry of a program. */
export type Command = Dispatch | Copy | Clear | Note;

/** What tables call a command: the name of its kernel, "copy to image", "clear" or "note". */
export function nameOf(command: Command): string {
  if ("kernel" in command) return command.kernel.name;
  if ("to" in command) return "copy to image";
  return "done" in command ? "note" : "clear";
}

/** Words of a record, as far apart as WebGPU's offsets have to be. */
export const RECORD_WORDS = 64;

/** Bytes with which a record begins: of the largest of its structs in kernels/prelude.wgsl, `Clock`. */
export const RECORD_BYTES = 32;

/** Where `count` is in the struct. */
const COUNT_OFFSET = 4;

/** Which records a replay sees: one number for each binding of group 1, or the same for all. */
export type Step = number | readonly number[];

/**
 * Encodes commands in order; dispatches that follow each other share a pass.
 *
 * @param step The records that they see.
 */
export function encode(
  encoder: GPUCommandEncoder,
  commands: readonly Command[],
  label?: string,
  step: Step = 0,
): void {
  let pass: GPUComputePassEncoder | undefined;
  for (const command of commands) {
    if ("kernel" in command) {
      pass ??= encoder.beginComputePass({ label });
      encodeDispatch(pass, command, step);
    } else {
      pass?.end();
      pass = undefined;
      if ("to" in command) {
        encodeCopy(encoder, command.from.buffer, command.to, command.rows(step));
      } else if ("done" in command) {
        const { clock, done } = command, number = recordNumber(step, 0);
        const from = 4 * RECORD_WORDS * number + COUNT_OFFSET;
        encoder.copyBufferToBuffer(clock.buffer, from, done.buffer, 4 * number, 4);
      } else {
        encoder.clearBuffer(command.cleared.buffer);
      }
    }
  }
  pass?.end();
}

/** Encodes one dispatch of a step. */
export function encodeDispatch(
  pass: GPUComputePassEncoder,
  { kernel, bindGroups: [bindGroup, records], workgroups, step: own }: Dispatch,
  step: Step,
): void {
  pass.setPipeline(kernel.pipeline);
  pass.setBindGroup(0, bindGroup!);
  if (records) {
    const offsets = kernel.records.map((binding) =>
      4 * RECORD_WORDS * recordNumber(own ?? step, binding)
    );
    pass.setBindGroup(1, records, offsets);
  }
  pass.dispatchWorkgroups(...workgroups);
}

/** The number of the record that a step shows at a binding. */
export function recordNumber(step: Step, binding: number): number {
  return typeof step === "number" ? step : step[binding]!;
}

/** Checks that a matrix has these rows, and an image room for them. */
function requireFit(from: Tensor, to: MatrixImage, { firstRow, rowCount }: RowRange): void {
  const [height, dim] = from.shape;
  const inside = from.shape.length === 2 && firstRow + rowCount <= height!;
  if (inside && rowCount <= to.rows && dim === 4 * to.dim4) return;
  const what = `"${from.label}" of ${from.shape.join(" × ")}`;
  const some = firstRow === 0 && rowCount === height
    ? ""
    : `Rows ${firstRow} to ${firstRow + rowCount - 1} of `;
  throw new GpuError(
    `${some}${what} ${some ? "do" : "does"} not fit an image of ${to.rows} × ${4 * to.dim4}.`,
  );
}

/** A recorded list of commands. */
export class Program implements Disposable {
  /** The device it runs on. */
  readonly gpu: GpuDevice;
  /** Name in messages. */
  readonly label: string;
  readonly #commands: Command[] = [];
  readonly #owned = new DisposableStack();

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
   * Appends a copy of a matrix's rows to an image: of all, of some, or of each step's own.
   *
   * @throws {GpuError} when it has no such rows, or the image no room for them; of a step's own, when they are
   * encoded.
   */
  copy(
    from: Tensor,
    to: MatrixImage,
    rows: RowRange | Copy["rows"] = { firstRow: 0, rowCount: from.shape[0]! },
  ): void {
    if (typeof rows !== "function") requireFit(from, to, rows);
    const rowsOf = (step: Step): RowRange => {
      if (typeof rows !== "function") return rows;
      const own = rows(step);
      requireFit(from, to, own);
      return own;
    };
    this.#commands.push({ from, to, rows: rowsOf });
  }

  /** Appends the clearing of a tensor to zero. */
  clear(cleared: Tensor): void {
    this.#commands.push({ cleared });
  }

  /** Appends the note that a step is done: copies its `count` from the clock to its place in `done`. */
  note(clock: Tensor, done: Tensor): void {
    this.#commands.push({ clock, done });
  }

  /** Appends what another program does in a step, to be done in every step alike. */
  append({ commands }: Program, step: Step): void {
    for (const command of commands) {
      if ("kernel" in command) this.#commands.push({ ...command, step });
      else if ("to" in command) this.#commands.push({ ...command, rows: () => command.rows(step) });
      else this.#commands.push(command);
    }
  }

  /** Keeps what the commands need for as long as the program is there. */
  own<Resource extends Disposable>(resource: Resource): Resource {
    return this.#owned.use(resource);
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
    const groups = this.#bind(kernel, tensors, params, images);
    const bindGroups = this.gpu.check(
      `kernel ${kernel.name}`,
      () =>
        groups.map((entries, group) =>
          device.createBindGroup({
            label: kernel.name,
            layout: kernel.layouts[group]!,
            entries,
          })
        ),
    );
    this.#commands.push({ kernel, tensors, images, params, bindGroups, workgroups });
  }

  /**
   * Encodes and submits the whole list at once, for lists that take no longer than a few frames of a display;
   * paced_queue.ts is for longer ones. Returns before the GPU is done.
   *
   * @param step The records that it sees.
   */
  run(step: Step = 0): void {
    if (this.gpu.dry) return;
    const what = `${this.label} (${[...new Set(this.kernels)].join(", ")})`;
    this.gpu.submit(what, (encoder) => encode(encoder, this.#commands, this.label, step));
  }

  /** Releases the parameter buffers and what else it was given; the tensors belong to their creators. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
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
  ): GPUBindGroupEntry[][] {
    const unknown = Object.keys({ ...tensors, ...images }).find((name) =>
      !kernel.bindings.some((binding) => binding.name === name)
    );
    if (unknown !== undefined) {
      throw new GpuError(`Kernel ${kernel.name} has no binding "${unknown}".`);
    }
    const groups: GPUBindGroupEntry[][] = kernel.layouts.map(() => []);
    for (const { name, index: binding, kind, group } of kernel.bindings) {
      const view = images[name]?.view;
      const isParams = kind === "uniform" && name === "params";
      const buffer = isParams ? this.#uniform(kernel, params) : tensors[name]?.buffer;
      if (!view && !buffer) {
        throw new GpuError(`Kernel ${kernel.name}: binding "${name}" is missing.`);
      }
      const resource = view ?? { buffer: buffer!, ...(group === 1 ? { size: RECORD_BYTES } : {}) };
      groups[group]!.push({ binding, resource });
    }
    return groups;
  }

  #uniform(kernel: Kernel, params: Readonly<Record<string, number>>): GPUBuffer {
    const bytes = packParams(kernel, params);
    const flags = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
    const buffer = this.gpu.allocate(`${kernel.name} parameters`, bytes.byteLength, flags);
    this.gpu.device.queue.writeBuffer(buffer, 0, bytes);
    this.#owned.defer(() => this.gpu.release(buffer));
    return buffer;
  }
}
