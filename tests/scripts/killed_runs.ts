/**
 * Kills a run at random moments, goes on with it, and compares what it leaves with an undisturbed one.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import { rejectUnknown, runScript } from "../../scripts/cli/command_line.ts";
import { InputError } from "../../src/input_error.ts";
import { isThere } from "../../src/files/is_there.ts";

const pathOf = (name: string): string => new URL(name, import.meta.url).pathname;

/** How often a run is to be killed, and how it trains. */
export interface Killing {
  /** An empty folder to work in. */
  readonly folder: string;
  /** Options of scripts/train.ts but for --out and --resume. */
  readonly options: readonly string[];
  /** How often. */
  readonly kills: number;
  /** Told of every kill. */
  readonly onKill?: (kill: number, epoch: string) => void;
}

/** Kills runs, and goes on with each until it ends or is killed again; every one must end as the undisturbed one. */
export async function assertSurvivesKills(
  { folder, options, kills, onKill = () => {} }: Killing,
): Promise<void> {
  const straight = `${folder}/straight`, killed = `${folder}/killed`;
  const start = performance.now();
  await finished(straight, options);
  const milliseconds = performance.now() - start;
  for (let kill = 1; kill <= kills; kill++) {
    const child = train(killed, options, "null").spawn();
    const wait = setTimeout(() => killIfThere(child), Math.random() * milliseconds);
    const { code, signal } = await child.status;
    clearTimeout(wait);
    assertEquals(signal ?? code, signal ? "SIGKILL" : 0);
    if (signal) {
      onKill(kill, await lastEpoch(killed));
      continue;
    }
    kill--; // it came to the end first, and so was not killed
    await assertSame(killed, straight);
    await Deno.remove(killed, { recursive: true });
  }
  await finished(killed, options);
  await assertSame(killed, straight);
}

/** Kills a process that may have ended by itself, though nobody has heard of it yet. */
function killIfThere(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // what Deno says of a process that has ended
  }
}

/** A run, gone on with where it has a checkpoint. */
function train(
  out: string,
  options: readonly string[],
  stderr: "piped" | "null",
): Deno.Command {
  const resume = isThereNow(`${out}/last.safetensors`) ? ["--resume"] : [];
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-read",
      "--allow-write",
      "--allow-env=XDG_RUNTIME_DIR",
      `--preload=${pathOf("quick_checkpoints.ts")}`,
      pathOf("../../scripts/train.ts"),
      ...options,
      "--out",
      out,
      ...resume,
    ],
    stdout: "null",
    stderr,
  });
}

function isThereNow(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

async function finished(out: string, options: readonly string[]): Promise<void> {
  const { code, stderr } = await train(out, options, "piped").output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
}

/** The last epoch in metrics.csv, or that there is none. */
async function lastEpoch(out: string): Promise<string> {
  if (!await isThere(`${out}/metrics.csv`)) return "none";
  const lines = (await Deno.readTextFile(`${out}/metrics.csv`)).split("\n");
  return lines.slice(1, -1).at(-1)?.split(",")[0] ?? "none";
}

async function assertSame(actual: string, expected: string): Promise<void> {
  for (const name of ["best.safetensors", "last.safetensors"]) {
    const [a, b] = await Promise.all(
      [actual, expected].map((run) => Deno.readFile(`${run}/${name}`)),
    );
    assert(a!.length === b!.length && a!.every((byte, i) => byte === b![i]), `${name} differs`);
  }
  assertEquals(await rows(actual), await rows(expected));
  const names = (run: string) => Array.from(Deno.readDirSync(run), ({ name }) => name).toSorted();
  assertEquals(names(actual), names(expected));
}

/** Lines of metrics.csv without the seconds. */
async function rows(run: string): Promise<string[]> {
  const lines = (await Deno.readTextFile(`${run}/metrics.csv`)).split("\n");
  return lines.map((line) => line.split(",").toSpliced(2, 1).join());
}

const HELP =
  `Kills a run on the shop at random moments, goes on with it, and fails when it does not end with
the bits of one that was left alone.

usage: deno run --allow-read --allow-write --allow-run tests/scripts/killed_runs.ts [KILLS]

KILLS  how often, 50 unless told

example: deno run --allow-read --allow-write --allow-run tests/scripts/killed_runs.ts 5`;

if (import.meta.main) {
  await runScript(async () => {
    const { _: [given = 50, ...others], help } = parseArgs(Deno.args, {
      boolean: ["help"],
      alias: { h: "help" },
      unknown: (argument: string) => argument.startsWith("-") ? rejectUnknown(argument) : true,
    });
    if (help) return console.log(HELP);
    const kills = Number(given);
    if (!Number.isInteger(kills) || kills < 1 || others.length > 0) {
      throw new InputError("One whole number from 1 is needed at most; see --help.");
    }
    const folder = await Deno.makeTempDir();
    const options = ["--epochs", "10", "--eval-every", "1"];
    const onKill = (kill: number, epoch: string) =>
      console.log(`kill ${kill} of ${kills}: at epoch ${epoch}`);
    try {
      await assertSurvivesKills({ folder, options, kills, onKill });
      console.log(`Killed ${kills} times: the same bits.`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
