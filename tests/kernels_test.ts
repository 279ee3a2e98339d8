/** Every kernel against its twin in oracle.ts, over shapes that are awkward for it. */
import { assertEquals } from "@std/assert";
import { openDevice } from "../src/gpu/device.ts";
import { runCase } from "./kernel_cases.ts";
import { readKernelFiles } from "./kernel_files.ts";
import { kernelTables } from "./kernel_tables.ts";
import { oracle, partTwins } from "./oracle.ts";

const files = readKernelFiles();
const paths = Object.keys(files).sort();
const kernelFiles = paths.filter((path) => !path.includes("/") && path !== "prelude");
const partFiles = paths.filter((path) => path.includes("/"));

const declaredIn = (file: string): string[] =>
  Array.from(files[file]!.matchAll(/^fn (\w+)/gm), ([, name]) => name!);

/** The parts that declare a function which a file calls and leaves open, and those that they need in turn. */
const partsFor = (file: string): string[] => {
  const isOpen = (name: string): boolean =>
    !declaredIn(file).includes(name) && new RegExp(`\\b${name}\\(`).test(files[file]!);
  const own = partFiles.filter((part) => declaredIn(part).some(isOpen));
  return [...new Set([...own, ...own.flatMap(partsFor)])];
};

Deno.test("every kernel has a twin and a table, every part a twin and a kernel", () => {
  assertEquals(Object.keys(oracle).sort(), kernelFiles);
  assertEquals(Object.keys(kernelTables).sort(), kernelFiles);
  assertEquals(Object.keys(partTwins).sort(), partFiles);
  assertEquals([...new Set(kernelFiles.flatMap(partsFor))].sort(), partFiles);
});

for (const [name, makeTable] of Object.entries(kernelTables)) {
  Deno.test(`kernel ${name} equals its twin`, async (test) => {
    using gpu = await openDevice();
    const table = makeTable();
    const met = new Set(table.flatMap(({ parts = [] }) => parts));
    assertEquals([...met].sort(), partsFor(name).sort());
    for (const one of table) {
      await test.step(one.name, async () => {
        assertEquals(await runCase(gpu, files, name, one), []);
      });
    }
  });
}
