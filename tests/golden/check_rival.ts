/**
 * Replays a rival's golden file: representations, loss terms, gradients, and what else it holds.
 *
 * @module
 */
import type { GpuDevice } from "../../src/gpu/device.ts";
import { InputError } from "../../src/input_error.ts";
import { relativeError } from "./replay.ts";
import type { RivalFile, RivalInput } from "./rival_file.ts";
import { checkBm3 } from "./rivals/bm3.ts";
import { checkFreedom } from "./rivals/freedom.ts";
import { checkJgcf } from "./rivals/jgcf.ts";
import { checkLattice } from "./rivals/lattice.ts";
import { checkLightGcn } from "./rivals/lightgcn.ts";
import { checkMfBpr } from "./rivals/mf_bpr.ts";
import { checkMmgcn } from "./rivals/mmgcn.ts";
import { checkMmssl } from "./rivals/mmssl.ts";
import { checkSsc } from "./rivals/ssc.ts";
import type { RivalCheck } from "./rivals/rival_check.ts";

/** By the name of the model in the file. */
const CHECKS: Readonly<Record<string, RivalCheck>> = {
  "MF-BPR": checkMfBpr,
  "MMGCN": checkMmgcn,
  "LightGCN": checkLightGcn,
  "BM3": checkBm3,
  "FREEDOM": checkFreedom,
  "LATTICE": checkLattice,
  "JGCF": checkJgcf,
  "MMSSL": checkMmssl,
  "LightGCN with SSC (spectrum shift correction)": checkSsc,
  "JGCF with SSC (spectrum shift correction)": checkSsc,
};

/**
 * Computes every quantity of a rival's golden file and returns its error, relative to the largest number
 * of that quantity, by name.
 *
 * @throws {InputError} when the file is of no model that is known here, or lacks a quantity.
 */
export async function checkRival(
  gpu: GpuDevice,
  file: RivalFile,
  input: RivalInput,
): Promise<Map<string, number>> {
  const check = Object.hasOwn(CHECKS, file.model) ? CHECKS[file.model]! : undefined;
  if (!check) {
    throw new InputError(
      `${file.path} is of "${file.model}", but known are ${Object.keys(CHECKS).join(", ")}.`,
    );
  }
  const errors = new Map<string, number>();
  await check(gpu, file, input, (name, ours, theirs) => {
    errors.set(name, relativeError(name, ours, theirs));
  });
  return errors;
}
