/**
 * The GPU as the rest of the program sees it: one device, its memory counted, its errors never lost.
 *
 * WebGPU reports most faults as events that nobody has to look at. Here the first fault is kept, and
 * the next `await` on the device throws it with the name of the kernel or buffer it belongs to.
 *
 * @module
 */

/** Thrown when the GPU, its driver or a kernel fails; the message names the kernel or buffer. */
export class GpuError extends Error {
  /** The class's name, in stack traces. */
  override readonly name = "GpuError";
}

const NO_ADAPTER =
  `No WebGPU adapter found: the Vulkan loader and a driver are needed (a GPU driver, or on Debian and ` +
  `Ubuntu "apt-get install libvulkan1 mesa-vulkan-drivers" for a software one; scripts/bootstrap.sh does it).`;

/**
 * Opens the machine's preferred GPU. Of it is asked what WebGPU guarantees everywhere, and buffers as large as it
 * offers.
 *
 * @throws {GpuError} when there is no adapter, or it gives no device.
 */
export function openGpu(): Promise<Gpu> {
  return openDevice();
}

/**
 * The same for those who make tensors and kernels.
 *
 * @param options With `dry`, what is made is counted but takes no memory, and nothing is computed.
 * @throws {GpuError} as {@linkcode openGpu} does.
 */
export async function openDevice({ dry = false }: { dry?: boolean } = {}): Promise<GpuDevice> {
  await quietLoader();
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new GpuError(NO_ADAPTER);
  const { limits } = adapter;
  const { description, device: model, vendor } = adapter.info;
  const name = description || model || vendor || "unknown adapter";
  const device = await adapter.requestDevice({
    label: "stair",
    requiredFeatures: adapter.features.has("timestamp-query") ? ["timestamp-query"] : [],
    requiredLimits: {
      maxBufferSize: limits.maxBufferSize,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
    },
  }).catch((error: Error) => {
    throw new GpuError(`${name} gives no device: ${error.message}`);
  });
  const gathersFromImages = name.includes("llvmpipe");
  const strips = adapter.info.isFallbackAdapter ? navigator.hardwareConcurrency : 1;
  return new GpuDevice(device, name, { dry, gathersFromImages, strips });
}

/** Keeps the system's loader of drivers quiet where it would complain; browsers have none. */
async function quietLoader(): Promise<void> {
  if ("Deno" in globalThis) (await import("./quiet_loader.ts")).quietLoader();
}

/** A texel's format: four floats, or four unsigned integers. */
export type TexelFormat = "rgba32float" | "rgba32uint";

/** Bytes of a texel. */
export const TEXEL_BYTES = 16;

/** Bytes that WebGPU lets a uniform have everywhere. */
const LARGEST_UNIFORM = 2 ** 16;

/** What a {@linkcode GpuDevice} is made with. */
export interface GpuOptions {
  /** See {@linkcode GpuDevice.dry}. */
  readonly dry?: boolean;
  /** See {@linkcode GpuDevice.gathersFromImages}. */
  readonly gathersFromImages?: boolean;
  /** See {@linkcode GpuDevice.strips}. */
  readonly strips?: number;
}

/** An open GPU. Everything made with it is released with it. */
export interface Gpu extends Disposable {
  /** The adapter's own name, e.g. `llvmpipe (LLVM 15.0.6, 256 bits)`. */
  readonly adapterName: string;
  /** Bytes of buffers and textures alive now. */
  readonly bytes: number;
  /** The most bytes of buffers and textures that were ever alive at once. */
  readonly peakBytes: number;
}

/**
 * The device behind a GPU, for those who make tensors and kernels.
 *
 * @throws {GpuError} when {@linkcode openGpu} has not opened it.
 */
export function deviceOf(gpu: Gpu): GpuDevice {
  if (gpu instanceof GpuDevice) return gpu;
  throw new GpuError("This is no GPU that openGpu has opened.");
}

/** An open GPU with its device. */
export class GpuDevice implements Gpu {
  /** The WebGPU device itself, for the modules of src/gpu. */
  readonly device: GPUDevice;
  /** The adapter's own name, e.g. `llvmpipe (LLVM 15.0.6, 256 bits)`. */
  readonly adapterName: string;
  /** Whether memory is only counted: buffers hold nothing, and programs are recorded but never run. */
  readonly dry: boolean;
  /** Whether kernels gather rows from images, as is faster on llvmpipe, or else from buffers. */
  readonly gathersFromImages: boolean;
  /** Into how many strips a dispatch is cut: one for each thread of a software adapter, 1 on hardware. */
  readonly strips: number;
  /** On a dry device, what an adapter as this one would refuse to allocate, in a sentence: the first such. */
  refused: string | undefined;
  /** Bytes that a dry device was given to upload. */
  uploadBytes = 0;
  /** How often work was submitted, for those who measure. */
  submits = 0;
  /** How often the GPU was waited for. */
  waits = 0;
  #bytes = 0;
  #peakBytes = 0;
  /** Bytes counted for each live buffer and texture. */
  readonly #sizes = new Map<GPUBuffer | GPUTexture, number>();
  #failure: GpuError | undefined;
  /** The first fault among all checks so far. */
  #checked: Promise<string | undefined> = Promise.resolve(undefined);
  #thrown = false;
  #closed = false;

  /** Use {@linkcode openGpu}. */
  constructor(
    device: GPUDevice,
    adapterName: string,
    { dry = false, gathersFromImages = false, strips = 1 }: GpuOptions = {},
  ) {
    this.device = device;
    this.adapterName = adapterName;
    this.dry = dry;
    this.gathersFromImages = gathersFromImages;
    this.strips = strips;
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      this.#fail((event as GPUUncapturedErrorEvent).error.message);
    });
    device.lost.then(({ reason, message }) => {
      if (!this.#closed) this.#fail(`The GPU device was lost (${reason}): ${message}`);
    });
  }

  /** Bytes of buffers and textures alive now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The most bytes of buffers and textures that were ever alive at once. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /**
   * Creates a zero-filled buffer; its bytes are counted until {@linkcode release}.
   *
   * @throws {GpuError} when `bytes` exceeds what the adapter can bind; a dry device only notes it.
   */
  allocate(label: string, bytes: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    const limit = usage & GPUBufferUsage.STORAGE
      ? Math.min(maxBufferSize, maxStorageBufferBindingSize)
      : maxBufferSize;
    if (bytes > limit) {
      const refused =
        `Cannot allocate "${label}": ${bytes} bytes, and ${this.adapterName} allows ${limit} per buffer.`;
      if (!this.dry) throw new GpuError(refused);
      this.refused ??= refused;
    }
    // A binding may not be empty, and kernels see arrays of vec4.
    const needed = Math.max(16, Math.ceil(bytes / 16) * 16);
    // A dry device's buffers are as large as binding them takes: as uniforms some are as large as declared.
    const least = usage & GPUBufferUsage.UNIFORM ? LARGEST_UNIFORM : 16;
    const size = this.dry ? Math.min(needed, least) : needed;
    const buffer = this.check(
      `buffer "${label}"`,
      () => this.device.createBuffer({ label, size, usage }),
    );
    this.#count(buffer, needed);
    return buffer;
  }

  /** Creates a texture for kernels to read; its bytes are counted until {@linkcode release}. */
  allocateTexture(
    label: string,
    format: TexelFormat,
    width: number,
    height: number,
  ): GPUTexture {
    const texture = this.check(`texture "${label}"`, () =>
      this.device.createTexture({
        label,
        size: this.dry ? [1, 1] : [width, height],
        format,
        usage: GPUTextureUsage.STORAGE_BINDING | GPUTextureUsage.COPY_DST,
      }));
    this.#count(texture, width * height * TEXEL_BYTES);
    return texture;
  }

  /** Frees a buffer or texture made by {@linkcode allocate} or {@linkcode allocateTexture}. */
  release(memory: GPUBuffer | GPUTexture): void {
    this.#bytes -= this.#sizes.get(memory) ?? 0;
    this.#sizes.delete(memory);
    memory.destroy();
  }

  /**
   * Runs `create` and keeps any fault of it, out of memory included, under the name `what`, for the
   * next await. `explain` may turn the driver's message into a better one.
   */
  check<T>(
    what: string,
    create: () => T,
    explain?: (message: string) => Promise<string | undefined>,
  ): T {
    this.device.pushErrorScope("out-of-memory");
    this.device.pushErrorScope("validation");
    try {
      return create();
    } finally {
      const errors = [this.device.popErrorScope(), this.device.popErrorScope()];
      const message = (async (): Promise<string | undefined> => {
        const error = (await Promise.all(errors)).find((error) => error !== null);
        return error && ((await explain?.(error.message)) ?? `${what}: ${error.message.trim()}`);
      })();
      // Later failures mostly follow from the first: it is the one to report.
      this.#checked = Promise.all([this.#checked, message]).then(([first, next]) => first ?? next);
    }
  }

  /**
   * Submits what `record` encodes; a fault of it is kept under the name `what`. Returns before the GPU is done.
   */
  submit(what: string, record: (encoder: GPUCommandEncoder) => void): void {
    this.submits++;
    this.check(`program ${what}`, () => {
      const encoder = this.device.createCommandEncoder({ label: what });
      record(encoder);
      this.device.queue.submit([encoder.finish()]);
    });
  }

  /**
   * Throws the first fault since the device was opened, if there was one.
   *
   * @throws {GpuError}
   */
  async verify(): Promise<void> {
    const first = await this.#checked;
    if (first !== undefined && !this.#thrown) this.#failure = new GpuError(first);
    if (this.#failure) {
      this.#thrown = true;
      throw this.#failure;
    }
  }

  /**
   * Waits until all submitted work is done.
   *
   * @throws {GpuError} when any of it failed.
   */
  async finish(): Promise<void> {
    this.waits++;
    await this.device.queue.onSubmittedWorkDone();
    await this.verify();
  }

  /** Closes the device; every buffer goes with it. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.device.destroy();
    this.#bytes = 0;
  }

  #count(memory: GPUBuffer | GPUTexture, bytes: number): void {
    this.#sizes.set(memory, bytes);
    this.#bytes += bytes;
    this.#peakBytes = Math.max(this.#peakBytes, this.#bytes);
  }

  #fail(message: string): void {
    this.#failure ??= new GpuError(message.trim());
  }
}
