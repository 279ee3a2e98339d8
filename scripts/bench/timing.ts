/**
 * How long the GPU takes: for each command of a program, and for a large copy, against which the others
 * are judged.
 *
 * @module
 */
import { median } from "d3-array";
import type { GpuDevice } from "../../src/gpu/device.ts";
import { type Command, encode, encodeDispatch, Program } from "../../src/gpu/program.ts";
import { createTensor, readIntegers } from "../../src/gpu/tensor.ts";
import { recordEnding, storedIn } from "../../src/tape/ending.ts";

/** Where the times of commands come from. */
export type TimingMethod = "timestamp queries" | "wall time of repeats";

/** How long each command of a program takes. */
export interface CommandTimes {
  /** Timestamps where the adapter has them. */
  readonly method: TimingMethod;
  /** One time per command, in order: the median over runs for timestamps, the mean for wall time. */
  readonly microseconds: Float64Array;
}

/** Waiting for the GPU polls in steps of 10 ms; what is waited for lasts at least this long. */
const LONG_ENOUGH_SECONDS = 0.5;

/** Times that a command is repeated within one command buffer. */
const REPEATS_PER_SUBMIT = 512;

/** Bytes of the copied buffer, larger than any cache. */
const COPY_BYTES = 256 * 2 ** 20;

/** Columns that the copied numbers are taken for. */
const COPY_COLUMNS = 256;

/** A program, or several one after the other. */
export type Commands = Pick<Program, "gpu" | "label" | "commands">;

/**
 * Times each command of a program: with timestamp queries around a pass of its own while the program
 * runs `runs` times over, or, where the adapter has none, by repeating it alone. Either way the tensors
 * of the program are written.
 *
 * @throws {GpuError} when the GPU fails.
 */
export async function timeCommands(program: Commands, runs: number): Promise<CommandTimes> {
  return program.gpu.device.features.has("timestamp-query")
    ? await timeByTimestamps(program, runs)
    : await timeByRepeating(program);
}

/** As {@linkcode timeCommands}, with a timestamp before and after each command. */
export async function timeByTimestamps(program: Commands, runs: number): Promise<CommandTimes> {
  const { gpu, commands } = program;
  const tick = await tickNanoseconds(gpu);
  using stamps = createStamps(gpu, 2 * commands.length, runs);
  for (let run = 0; run < runs; run++) {
    const encoder = gpu.device.createCommandEncoder({ label: program.label });
    commands.forEach((command, i) => encodeStamped(encoder, command, stamps.querySet, 2 * i));
    stamps.resolve(encoder, run);
    gpu.device.queue.submit([encoder.finish()]);
  }
  const ticks = await stamps.read();
  const microseconds = Float64Array.from(commands, (_, i) => {
    const spans = ticks.map((run) => Number(run[2 * i + 1]! - run[2 * i]!));
    return median(spans)! * tick / 1000;
  });
  return { method: "timestamp queries", microseconds };
}

/** Only passes can write timestamps, so a command that is not a pass is put between two empty ones. */
function encodeStamped(
  encoder: GPUCommandEncoder,
  command: Command,
  querySet: GPUQuerySet,
  first: number,
): void {
  const start = { querySet, beginningOfPassWriteIndex: first };
  const end = { querySet, endOfPassWriteIndex: first + 1 };
  if ("kernel" in command) {
    const timestampWrites = { ...start, ...end };
    const pass = encoder.beginComputePass({ label: command.kernel.name, timestampWrites });
    encodeDispatch(pass, command, 0);
    pass.end();
  } else {
    encoder.beginComputePass({ timestampWrites: start }).end();
    encode(encoder, [command]);
    encoder.beginComputePass({ timestampWrites: end }).end();
  }
}

/** As {@linkcode timeCommands}, by the wall time of each command alone, repeated. */
export async function timeByRepeating({ gpu, label, commands }: Commands): Promise<CommandTimes> {
  const microseconds = new Float64Array(commands.length);
  for (const [i, command] of commands.entries()) {
    const repeat = (times: number): void => {
      const encoder = gpu.device.createCommandEncoder({ label });
      encode(encoder, new Array<Command>(times).fill(command), label);
      gpu.device.queue.submit([encoder.finish()]);
    };
    microseconds[i] = 1e6 * await wallSeconds(gpu, (times) => {
      for (let first = 0; first < times; first += REPEATS_PER_SUBMIT) {
        repeat(Math.min(REPEATS_PER_SUBMIT, times - first));
      }
    });
  }
  return { method: "wall time of repeats", microseconds };
}

/**
 * Seconds that `submit(1)` keeps the GPU busy, from submitting so many of it that the wait for the end
 * does not count. It is done once before, unmeasured, for what only the first time takes.
 *
 * @throws {GpuError} when the GPU fails.
 */
export async function wallSeconds(
  gpu: GpuDevice,
  submit: (times: number) => void | Promise<void>,
): Promise<number> {
  await submit(1);
  await gpu.finish();
  for (let times = 1;; times *= 2) {
    const seconds = await secondsOf(async () => {
      await submit(times);
      await gpu.finish();
    });
    if (seconds >= LONG_ENOUGH_SECONDS) return seconds / times;
  }
}

/** Seconds until `work` is done. */
export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/**
 * Bytes per second, read and written together, of copying between two large buffers: by the driver's own
 * command or by a kernel, whichever is faster. (On an H100 the command reaches a quarter of what kernels do.)
 *
 * @throws {GpuError} when the GPU fails or has not twice 256 MiB.
 */
export async function copyBandwidth(gpu: GpuDevice): Promise<number> {
  const { maxBufferSize, maxStorageBufferBindingSize } = gpu.device.limits;
  const size = Math.min(COPY_BYTES, maxBufferSize, maxStorageBufferBindingSize);
  const rows = Math.floor(size / (4 * COPY_COLUMNS)), bytes = 4 * COPY_COLUMNS * rows;
  using from = createTensor(gpu, "copied", [rows, COPY_COLUMNS]);
  using to = createTensor(gpu, "copy", [rows, COPY_COLUMNS]);
  using program = new Program(gpu, "copy");
  recordEnding(program, from, storedIn(to));
  const byKernel = await wallSeconds(gpu, (times) => {
    for (let time = 0; time < times; time++) program.run();
  });
  const byCommand = await wallSeconds(gpu, (times) => {
    const encoder = gpu.device.createCommandEncoder({ label: "copy" });
    for (let time = 0; time < times; time++) {
      encoder.copyBufferToBuffer(from.buffer, 0, to.buffer, 0, bytes);
    }
    gpu.device.queue.submit([encoder.finish()]);
  });
  return 2 * bytes / Math.min(byKernel, byCommand);
}

/** A query set, and where its timestamps are kept run after run. */
interface Stamps extends Disposable {
  readonly querySet: GPUQuerySet;
  /** Encodes that the timestamps of a run are kept. */
  resolve(encoder: GPUCommandEncoder, run: number): void;
  /** All timestamps, runs × queries, in ticks. */
  read(): Promise<BigUint64Array[]>;
}

function createStamps(gpu: GpuDevice, queries: number, runs: number): Stamps {
  const querySet = gpu.check(
    "query set",
    () => gpu.device.createQuerySet({ label: "timestamps", type: "timestamp", count: queries }),
  );
  const stride = Math.ceil(queries * 8 / 256) * 256; // where WebGPU lets a run begin
  const flags = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
  const buffer = gpu.allocate("timestamps", stride * runs, flags);
  const release = (): void => {
    querySet.destroy();
    gpu.release(buffer);
  };
  const words = { label: "timestamps", shape: [runs, stride / 4], buffer };
  return {
    querySet,
    resolve: (encoder, run) => encoder.resolveQuerySet(querySet, 0, queries, buffer, run * stride),
    read: async () => {
      const [read] = await readIntegers(gpu, { ...words, [Symbol.dispose]: release });
      return Array.from(
        { length: runs },
        (_, run) => new BigUint64Array(read!.buffer, run * stride, queries),
      );
    },
    [Symbol.dispose]: release,
  };
}

/**
 * Nanoseconds per unit of a timestamp. WebGPU says 1, but Deno hands out the driver's own ticks without
 * their length (https://github.com/gfx-rs/wgpu/issues/6719), so it is measured against the wall clock.
 */
async function tickNanoseconds(gpu: GpuDevice): Promise<number> {
  using stamps = createStamps(gpu, 2, 1);
  const stamp = async (index: number): Promise<number> => {
    const encoder = gpu.device.createCommandEncoder({ label: "clock" });
    const timestampWrites = { querySet: stamps.querySet, beginningOfPassWriteIndex: index };
    encoder.beginComputePass({ label: "clock", timestampWrites }).end();
    if (index === 1) stamps.resolve(encoder, 0);
    const submitted = performance.now();
    gpu.device.queue.submit([encoder.finish()]);
    await gpu.finish();
    return submitted;
  };
  const start = await stamp(0);
  await new Promise((resolve) => setTimeout(resolve, LONG_ENOUGH_SECONDS * 1000));
  const milliseconds = await stamp(1) - start;
  const [ticks] = await stamps.read();
  const measured = milliseconds * 1e6 / Number(ticks![1]! - ticks![0]!);
  // A tick is 1 ns or much more; a measured value close to 1 is 1 with noise.
  return Math.abs(measured - 1) < 0.05 ? 1 : measured;
}
