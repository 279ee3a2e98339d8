/** Every kernel against its twin in oracle.ts, over shapes that are awkward for it. */
import { assertEquals } from "@std/assert";
import { openDevice } from "../src/gpu/device.ts";
import {
  createEntryImage,
  createImage,
  type Image,
  PAIRS_PER_LINE,
} from "../src/gpu/gather/image.ts";
import { getKernel, type ShaderFile } from "../src/gpu/kernel.ts";
import { Program } from "../src/gpu/program.ts";
import { createTensor, readFloats, readIntegers } from "../src/gpu/tensor.ts";
import { kernelTables } from "./kernel_tables.ts";
import { type Functions, NO_FUNCTIONS, oracle, partTwins } from "./oracle.ts";

const kernelFolder = new URL("../kernels/", import.meta.url);

/** Paths of the .wgsl files of a folder, without the ending. */
const filesOf = (folder: string): string[] =>
  [...Deno.readDirSync(new URL(folder, kernelFolder))].filter(({ isFile }) => isFile)
    .map(({ name }) => folder + name.replace(".wgsl", "")).sort();

const kernelFiles = filesOf("").filter((name) => name !== "prelude");
const partFiles = [...Deno.readDirSync(kernelFolder)].filter(({ isDirectory }) => isDirectory)
  .flatMap(({ name }) => filesOf(`${name}/`)).sort();

const sourceOf = (name: string): ShaderFile => ({
  name,
  code: Deno.readTextFileSync(new URL(`${name}.wgsl`, kernelFolder)),
});

/** The parts that declare a function which the code calls. */
const partsFor = (code: string): string[] =>
  partFiles.filter((part) =>
    Array.from(sourceOf(part).code.matchAll(/^fn (\w+)/gm))
      .some(([, name]) => new RegExp(`\\b${name}\\(`).test(code))
  );

Deno.test("every kernel has a twin and a table, every part a twin and a kernel", () => {
  assertEquals(Object.keys(oracle).sort(), kernelFiles);
  assertEquals(Object.keys(kernelTables).sort(), kernelFiles);
  assertEquals(Object.keys(partTwins).sort(), partFiles);
  const called = new Set(kernelFiles.flatMap((name) => partsFor(sourceOf(name).code)));
  assertEquals([...called].sort(), partFiles);
});

for (const [name, makeTable] of Object.entries(kernelTables)) {
  Deno.test(`kernel ${name} equals its twin`, async (test) => {
    using gpu = await openDevice();
    const source = sourceOf(name);
    const table = makeTable();
    const met = new Set(table.flatMap(({ parts = [] }) => parts));
    assertEquals([...met].sort(), partsFor(source.code));
    for (const { name: title, parts = [], tensors, images = {}, params = {}, ...one } of table) {
      await test.step(title, async () => {
        using resources = new DisposableStack();
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
        Object.values(tensors).forEach((expected, i) => {
          const actual = expected instanceof Float32Array ? asFloats[i]! : asIntegers[i]!;
          compare(uploaded[i]!.label, actual, expected);
        });
      });
    }
  });
}

/** f32 sums differ from f64 ones by rounding: at most 1e-5 of the largest entry. */
function compare(label: string, actual: ArrayLike<number>, expected: ArrayLike<number>): void {
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
  assertEquals(wrong, []);
}
