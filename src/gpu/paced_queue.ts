/**
 * Long work, handed to the GPU in portions that take about as long as a few frames of a display.
 *
 * A driver kills a submission that runs for seconds, and some do so silently; and whoever waits for the GPU
 * hears nothing meanwhile, not even Ctrl-C. How long a command takes, only the adapter at hand can tell: the
 * first commands are timed.
 *
 * @module
 */
import type { GpuDevice } from "./device.ts";
import { type Command, encode, type Program, type Step } from "./program.ts";
import { readFloats, type Tensor } from "./tensor.ts";

/** Seconds that a submission may take, about. */
const SUBMIT_SECONDS = 0.05;
/** Seconds of work after which everything else is let in. */
const DRAIN_SECONDS = 1;
/** Commands that are timed first, each a submission of its own. */
const TIMED_COMMANDS = 64;
/** Commands in a submission at most: encoding them all takes a few milliseconds. */
const MOST_COMMANDS = 4096;

/** A program with the records that it sees. */
export interface Replay {
  /** The program. */
  readonly program: Program;
  /** The numbers of the records. */
  readonly step?: Step;
}

/** Commands of one step. */
interface Portion {
  readonly commands: readonly Command[];
  readonly step: Step;
}

/** Replays of programs on their way to the GPU, in order. */
export class PacedQueue {
  readonly #gpu: GpuDevice;
  readonly #label: string;
  #pending: Portion[] = [];
  #pendingCommands = 0;
  /** Commands submitted since the GPU was known to be idle, and when that was. */
  #submitted = 0;
  #idleAt = 0;
  #secondsPerCommand: number | undefined;

  /** An empty queue. */
  constructor(gpu: GpuDevice, label: string) {
    this.#gpu = gpu;
    this.#label = label;
  }

  /**
   * Adds replays, and submits what makes up a portion. The first commands are timed, and so waited for unless
   * they are few; later ones are once there is a second of work on its way.
   *
   * @throws {GpuError} when anything submitted so far failed, as far as it is known.
   */
  async add(replays: Iterable<Replay>): Promise<void> {
    if (this.#gpu.dry) return;
    for (const { program: { commands }, step = 0 } of replays) {
      for (let first = 0; first < commands.length;) {
        const room = this.#portion - this.#pendingCommands;
        const taken = commands.slice(first, first + room);
        this.#pending.push({ commands: taken, step });
        this.#pendingCommands += taken.length;
        first += taken.length;
        if (taken.length === room) this.flush();
      }
      const seconds = this.#secondsPerCommand;
      const mayGoOn = seconds === undefined
        ? this.#submitted < TIMED_COMMANDS
        : this.#submitted * seconds < DRAIN_SECONDS;
      if (!mayGoOn) await this.drain();
    }
  }

  /** Submits what is left. */
  flush(): void {
    const portions = this.#pending;
    if (portions.length === 0) return;
    if (this.#submitted === 0) this.#idleAt = performance.now();
    this.#submitted += this.#pendingCommands;
    [this.#pending, this.#pendingCommands] = [[], 0];
    this.#gpu.submit(this.#label, (encoder) => {
      for (const { commands, step } of portions) encode(encoder, commands, this.#label, step);
    });
  }

  /**
   * Submits what is left and waits for it.
   *
   * @throws {GpuError} when anything submitted so far failed.
   */
  async drain(): Promise<void> {
    this.flush();
    await this.#gpu.finish();
    if (this.#submitted > 0) this.#secondsPerCommand = this.#measured;
    this.#submitted = 0;
  }

  /**
   * Submits what is left, and reads what it leaves in a tensor.
   *
   * @throws {GpuError} when anything submitted so far failed.
   */
  async read(tensor: Tensor): Promise<Float32Array<ArrayBuffer>> {
    this.flush();
    const [data] = await readFloats(this.#gpu, tensor);
    this.rest();
    return data!;
  }

  /** Says that somebody has waited for the GPU. */
  rest(): void {
    // Where nobody has waited here; that somebody may have done other things meanwhile.
    if (this.#submitted > 0) this.#secondsPerCommand ??= this.#measured;
    this.#submitted = 0;
  }

  /** Seconds per command since the GPU was known to be idle. */
  get #measured(): number {
    return (performance.now() - this.#idleAt) / 1000 / this.#submitted;
  }

  /** Commands that a portion may hold; one while it is not known how long they take. */
  get #portion(): number {
    if (this.#secondsPerCommand === undefined) return 1;
    const fitting = Math.floor(SUBMIT_SECONDS / this.#secondsPerCommand);
    return Math.max(1, Math.min(fitting, MOST_COMMANDS));
  }
}

/**
 * Runs a program once. As it is not known how long its commands take, each is a submission of its own.
 *
 * @throws {GpuError} when anything submitted so far failed, as far as it is known.
 */
export async function runOnce(program: Program): Promise<void> {
  const queue = new PacedQueue(program.gpu, program.label);
  await queue.add([{ program }]);
  queue.flush();
}
