/**
 * Runs a kernel and its twin on one case of the tables and compares what they wrote. Nothing here needs
 * Deno: kernels_test.ts runs the cases there, browser/page.ts in a browser.
 *
 * @module
 */
import type { GpuDevice } from "../src/gpu/device.ts";
import {
  createEntryImage,
  createImage,
  type Image,
  PAIRS_PER_LINE,
} from "../src/gpu/gather/image.ts";
import { getKernel, type ShaderFile } from "../src/gpu/kernel.ts";
import { Program } from "../src/gpu/program.ts";
import { createTensor, readFloats, readIntegers } from "../src/gpu/tensor.ts";
import type { Case } from "./kernel_tables/random_case.ts";
import { type Functions, NO_FUNCTIONS, oracle, partTwins } from "./oracle.ts";

/** WGSL by its path under kernels/, without the ending. */
export type KernelFiles = Readonly<Record<string, string>>;

/**
 * Runs a kernel and its twin on a case, whose arrays the twin changes.
 *
 * @returns What the kernel computed otherwise than its twin: a few sentences, none when all is well.
 * @throws {GpuError} The kernel does not compile, or the GPU fails.
 */
export async function runCase(
  gpu: GpuDevice,
  files: KernelFiles,
  name: string,
  { name: title, parts = [], tensors, images = {}, params = {}, ...one }: Case,
): Promise<string[]> {
  using resources = new DisposableStack();
  const sourceOf = (path: string): ShaderFile => ({ name: path, code: files[path]! });
  const source = sourceOf(name);
  const uploaded = Object.entries(tensors).map(([label, data]) =>
    resources.use(createTensor(gpu, label, [data.length], data))
  );
  const program = resources.use(new Program(gpu, title));
  const bound = Object.fromEntries(uploaded.map((tensor) => [tensor.label, tensor]));
  const constants = { ...one.constants };
  const imaged: Record<string, Image> = {};
  for (const [label, dim4] of Object.entries(images)) {
    const tensor = bound[label]!;
    const rows = tensor.shape[0]! / (4 * dim4!);
    const image = imaged[label] = resources.use(createImage(gpu, label, rows, dim4!));
    program.copy({ ...tensor, shape: [rows, 4 * dim4!] }, image);
    constants.rows_per_line = image.rowsPerLine;
    delete bound[label];
  }
  if (source.code.includes("var entries: texture_storage_2d")) {
    const entries = tensors.entries as Uint32Array<ArrayBuffer>;
    imaged.entries = resources.use(createEntryImage(gpu, "entries", entries));
    constants.pairs_per_line = PAIRS_PER_LINE;
    delete bound.entries;
  }
  const kernel = getKernel(gpu, { ...source, parts: parts.map(sourceOf) }, constants);
  program.dispatch(kernel, bound, params, one.size, imaged);
  program.run();
  const [asFloats, asIntegers] = [
    await readFloats(gpu, ...uploaded),
    await readIntegers(gpu, ...uploaded),
  ];
  const declared = parts.map((part) => partTwins[part]!(tensors, params, constants));
  const functions = declared.reduce<Functions>(
    (all, some) => ({ ...all, ...some }),
    NO_FUNCTIONS,
  );
  oracle[name]!(tensors, params, constants, functions);
  return Object.values(tensors).flatMap((expected, i) => {
    const actual = expected instanceof Float32Array ? asFloats[i]! : asIntegers[i]!;
    return differences(uploaded[i]!.label, actual, expected);
  });
}

/** f32 sums differ from f64 ones by rounding: at most 1e-5 of the largest entry. */
function differences(
  label: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
): string[] {
  const exact = expected instanceof Uint32Array;
  const values = Array.from(expected).filter((x) => Math.abs(x) < 1e38);
  const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
  const tolerance = exact ? 0 : 1e-5 * largest;
  const wrong: string[] = [];
  for (let i = 0; i < expected.length && wrong.length < 5; i++) {
    if (!(Math.abs(actual[i]! - expected[i]!) <= tolerance)) {
      wrong.push(`${label}[${i}] is ${actual[i]}, not ${expected[i]}`);
    }
  }
  return wrong;
}
