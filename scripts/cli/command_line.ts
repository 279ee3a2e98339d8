/**
 * What every script of scripts/ has in common: help, and errors told in one sentence.
 *
 * @module
 */
import { GpuError } from "../../src/gpu/device.ts";
import { InputError } from "../../src/input_error.ts";

/**
 * Runs a script's body and ends the process with the code it returns (0 when nothing). Bad input is
 * told in one sentence with code 2, a failing GPU likewise with code 1; anything else is a bug and
 * keeps its stack.
 */
export async function runScript(body: () => Promise<number | void>): Promise<never> {
  try {
    Deno.exit(await body() ?? 0);
  } catch (error) {
    if (error instanceof InputError) {
      console.error(`error: ${error.message}`);
      Deno.exit(2);
    }
    if (error instanceof GpuError) {
      console.error(`error: ${error.message}`);
      Deno.exit(1);
    }
    throw error;
  }
}

/**
 * Reads a text file that the user named.
 *
 * @throws {InputError} when it cannot be read.
 */
export async function readInput(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new InputError(`Cannot read ${path}: ${(error as Error).message}.`);
  }
}

/**
 * For `parseArgs`: an option that is not declared is an error, not a silent default.
 *
 * @throws {InputError} always.
 */
export function rejectUnknown(option: string): never {
  throw new InputError(`Unknown argument ${option}; --help lists what there is.`);
}

/**
 * An option's number; undefined when the option is not given.
 *
 * @throws {InputError} when it is not a number.
 */
export function toNumber(name: string, text: string | boolean | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (typeof text !== "string" || text.trim() === "" || !Number.isFinite(value)) {
    throw new InputError(`--${name} is "${text}", but must be a number.`);
  }
  return value;
}

/**
 * The text of an option that must be given.
 *
 * @throws {InputError} when it is not.
 */
export function requireText(name: string, text: string | undefined): string {
  if (text === undefined || text === "") {
    throw new InputError(`--${name} is needed; --help says what for.`);
  }
  return text;
}

/**
 * The number of an option that must be given.
 *
 * @throws {InputError} when it is not, or is not a number.
 */
export function requireNumber(name: string, text: string | undefined): number {
  return toNumber(name, requireText(name, text))!;
}

/** The first Ctrl-C lets the epoch at work finish; the second one ends the process. */
export function abortOnInterrupt(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) Deno.exit(130);
    console.error("\nstopping after this epoch; once more to stop at once");
    controller.abort();
  };
  Deno.addSignalListener("SIGINT", stop);
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", stop);
  return controller.signal;
}
