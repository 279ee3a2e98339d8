/**
 * Replays a file of numbers that the authors' own code computed, and prints how far ours are.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { dirname } from "node:path";
import { checkRival } from "./check_rival.ts";
import { checkGolden } from "./check_stair.ts";
import { parseRival, parseRivalInput } from "./rival_file.ts";
import { parseGolden } from "./stair_file.ts";
import { type GpuDevice, openDevice } from "../../src/gpu/device.ts";
import { InputError } from "../../src/input_error.ts";
import { readInput, rejectUnknown, runScript } from "../../scripts/cli/command_line.ts";
import { formatTable } from "../../src/experiments/table.ts";

/** The largest error that passes: absolute for STAIR, relative to the largest number for rivals. */
const TOLERANCE = 1e-4;

const HELP =
  `Replays a golden file and prints, for each quantity in it, the largest error: absolute for
STAIR's, relative to the quantity's largest number for a rival's, which reads common.json beside it.
Exits with 1 when one is above ${TOLERANCE}.

usage: deno task golden FILE.json

example: deno task golden tests/golden/numbers/stair_small.json`;

/** STAIR's file has no "model"; rivals' have. */
async function check(gpu: GpuDevice, path: string): Promise<Map<string, number>> {
  const text = await readInput(path);
  if (!/^\s*\{\s*"model"/.test(text)) return await checkGolden(gpu, parseGolden(path, text));
  const common = `${dirname(path)}/common.json`;
  const input = parseRivalInput(common, await readInput(common));
  return await checkRival(gpu, parseRival(path, text), input);
}

if (import.meta.main) {
  await runScript(async () => {
    const { _: files, help } = parseArgs(Deno.args, {
      boolean: ["help"],
      unknown: (argument: string) => argument.startsWith("-") ? rejectUnknown(argument) : true,
    });
    if (help) return console.log(HELP);
    if (files.length !== 1) throw new InputError("One golden file is needed; see --help.");
    using gpu = await openDevice();
    const errors = await check(gpu, String(files[0]));
    const failed = [...errors].filter(([, error]) => !(error <= TOLERANCE));
    const rows = [...errors].map(([name, error]) => [name, error.toExponential(2)]);
    console.log(formatTable(["quantity", "largest error"], rows));
    console.log(
      failed.length === 0
        ? `\nall ${errors.size} quantities within ${TOLERANCE} on ${gpu.adapterName}`
        : `\n${failed.length} of ${errors.size} quantities are off by more than ${TOLERANCE}`,
    );
    return failed.length === 0 ? 0 : 1;
  });
}
