/** The shape of the house, as the README draws it: who is where, and who may call whom. */
import { assert, assertEquals } from "@std/assert";
import { filesBelow, type Import, importsFrom, textOf } from "./module_graph.ts";

const ENTRIES = ["mod.ts", "src/ops/mod.ts"];

/** What Workers start with: named by their address, and imported by nobody. */
const WORKERS = ["src/training/draw_worker.ts"];

/** Rooms of src that compute, each of which may import those after it. */
const STOREYS = [
  "experiments",
  "training",
  "runs",
  "evaluation",
  "models",
  "features",
  "ops",
  "tape",
  "gpu",
];

/** Rooms that know no GPU: all may import them, and they only each other. */
const FOUNDATION = ["data", "files", "sparse"];

/** Lines of a file, beyond which it is more than one idea. */
const LONGEST_FILE = 400;

const roomOf = (path: string): string => path.split("/")[1]!;

/** What the entries lead to, types and what is imported later included. */
const imports = (await Promise.all([...ENTRIES, ...WORKERS].map(importsFrom))).flat()
  .filter(({ to }) => to.endsWith(".ts") && !to.includes(":"));

Deno.test("src holds what the two entries and Workers lead to, and nothing else", () => {
  assert(imports.length > 300, `only ${imports.length} imports were found`);
  const reached = new Set(imports.map(({ to }) => to));
  const entries = new Set([...ENTRIES, ...WORKERS]);
  assertEquals(filesBelow("src/").filter((path) => !reached.has(path) && !entries.has(path)), []);
  assertEquals([...reached].filter((path) => !path.startsWith("src/")), []);
});

Deno.test("imports point one way", () => {
  const allowed = ({ from, to }: Import): boolean => {
    if (ENTRIES.includes(from)) return true;
    if (to.split("/").length === 2) return true; // input_error.ts and random.ts, which import nothing
    const [own, other] = [roomOf(from), roomOf(to)];
    if (own === other || FOUNDATION.includes(other)) return true;
    return !FOUNDATION.includes(own) && STOREYS.indexOf(other) > STOREYS.indexOf(own);
  };
  const wrong = imports.filter((one) => !allowed(one)).map(({ from, to }) => `${from} → ${to}`);
  assertEquals([...new Set(wrong)], []);
});

Deno.test("no import leads back to where it came from", () => {
  const next = Map.groupBy(imports, ({ from }) => from);
  const leadsBack = (start: string): boolean => {
    const seen = new Set<string>(), open = [start];
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      for (const { to } of next.get(path) ?? []) {
        if (to === start) return true;
        if (!seen.has(to)) open.push(to);
        seen.add(to);
      }
    }
    return false;
  };
  assertEquals([...next.keys()].filter(leadsBack), []);
});

Deno.test("navigator.gpu is touched in src/gpu alone", () => {
  const files = [...filesBelow("src/"), ...filesBelow("scripts/")];
  const touching = files.filter((path) => textOf(path).includes("navigator.gpu"));
  assertEquals(touching.map(roomOf), touching.map(() => "gpu"));
});

Deno.test("no file is longer than one idea", () => {
  const files = ["src/", "scripts/", "tests/", "kernels/"].flatMap((folder) => [
    ...filesBelow(folder),
    ...filesBelow(folder, ".wgsl"),
  ]);
  const long = files.map((path) => ({ path, lines: textOf(path).split("\n").length - 1 }))
    .filter(({ lines }) => lines > LONGEST_FILE);
  assertEquals(long, []);
});
