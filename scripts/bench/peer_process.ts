/**
 * Another training program, run as a process of its own and suspended while it is not its turn.
 *
 * @module
 */
import { InputError } from "../../src/input_error.ts";

/** A program that trains epoch by epoch and stands still in between. */
export interface Peer extends AsyncDisposable {
  /** Lets it train one epoch; returns the seconds that it measured, sampling left out. */
  runEpoch(): Promise<number>;
}

/** What it prints after each epoch, and without `train_s` after an evaluation. */
interface PeerLine {
  readonly sampling_s?: number;
  readonly train_s?: number;
}

/**
 * Starts a program that prints a line of JSON with `sampling_s` and `train_s` after each epoch. It is
 * kept running, so that start-up and warm-up are not measured, and suspended while it is not its turn.
 *
 * @throws {InputError} when it cannot be run, ends early or prints something else.
 */
export function startPeer(command: string, args: readonly string[]): Peer {
  if (Deno.build.os === "windows") {
    throw new InputError("--peer suspends the program between turns, which Windows cannot.");
  }
  const child = spawn(command, args);
  const lines = readLines(child.stdout);
  const program = [command, args[0]].join(" ");
  const nextEpoch = async (): Promise<Required<PeerLine>> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new InputError(`${program} ended; what it said is above.`);
      const { sampling_s, train_s } = parseLine(program, value);
      if (sampling_s !== undefined && train_s !== undefined) return { sampling_s, train_s };
    }
  };
  let suspended: number | undefined;
  return {
    async runEpoch() {
      const pause = suspended === undefined ? 0 : (performance.now() - suspended) / 1000;
      child.kill("SIGCONT");
      let epoch = await nextEpoch();
      // Suspended as soon as its line comes, it is sampling for the next epoch by then. Should the pause
      // fall into training after all, the epoch after is taken. Times come with two digits.
      if (epoch.sampling_s < pause - 0.01) epoch = await nextEpoch();
      child.kill("SIGSTOP");
      suspended = performance.now();
      return epoch.train_s;
    },
    async [Symbol.asyncDispose]() {
      await lines.return(undefined);
      try {
        child.kill("SIGKILL");
      } catch (error) {
        if (!(error instanceof TypeError)) throw error; // it has ended
      }
      await child.status;
    },
  };
}

/**
 * Checks that a Python program is there, and PyTorch to run it with.
 *
 * @throws {InputError} when one of them is not.
 */
export async function requirePeer(path: string): Promise<void> {
  const isFile = await Deno.stat(path).then((info) => info.isFile, () => false);
  if (!isFile) throw new InputError(`--peer names ${path}, which is no file.`);
  const check = "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)";
  const python = spawn("python3", ["-c", check]);
  await python.stdout.cancel();
  if (!(await python.status).success) {
    throw new InputError(`--peer needs python3 with torch (on Debian, python3-torch).`);
  }
}

function spawn(command: string, args: readonly string[]): Deno.ChildProcess {
  try {
    return new Deno.Command(command, { args: [...args], stdin: "null", stdout: "piped" }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new InputError(`--peer needs ${command}, which is not there.`);
    }
    if (error instanceof Deno.errors.NotCapable) { // because of such a variable: the bench may run python3
      throw new InputError(
        `Deno does not start ${command} where LD_LIBRARY_PATH or another LD_… variable is set: ` +
          `unset it, as in "env -u LD_LIBRARY_PATH deno task bench --peer …".`,
      );
    }
    throw error;
  }
}

async function* readLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

function parseLine(program: string, line: string): PeerLine {
  try {
    return JSON.parse(line);
  } catch {
    throw new InputError(`${program} printed "${line}", which is not JSON.`);
  }
}
