/** What browsers load needs nothing that only Deno has. */
import { assert, assertEquals } from "@std/assert";
import { filesWithDeno, moduleGraph } from "./module_graph.ts";

/** Modules that a page may import, with the files that they import only where there is Deno. */
const BROWSER_MODULES: Readonly<Record<string, readonly string[]>> = {
  "mod.ts": [
    "src/gpu/quiet_loader.ts",
    "src/files/deno_source.ts",
    "src/files/disk_cache.ts",
    "src/runs/run_folder.ts",
    "src/experiments/kept_result.ts",
    "src/files/write_atomically.ts",
  ],
  "src/data/dataset.ts": [],
  "src/data/fingerprint.ts": [],
  "src/data/load_dataset.ts": ["src/files/deno_source.ts"],
  "src/features/preparation.ts": ["src/files/disk_cache.ts"],
};

for (const [entry, later] of Object.entries(BROWSER_MODULES)) {
  Deno.test(`${entry} runs without Deno`, async () => {
    const graph = await moduleGraph(entry);
    assert(graph.files.has(entry));
    assertEquals(await filesWithDeno(graph.files), []);
    assertEquals([...graph.others].filter((each) => !each.startsWith("npm:")), []);
    assertEquals([...graph.later], later);
    // A bundle of one file imports the node: modules of all its parts, also of those it never runs.
    for (const part of later) {
      const { others } = await moduleGraph(part);
      assertEquals([...others].filter((each) => !each.startsWith("npm:")), []);
    }
  });
}

Deno.test("Deno is found where it is", async () => {
  const { files, others } = await moduleGraph("tests/real_data.ts");
  assertEquals([...files], ["tests/real_data.ts"]);
  assertEquals([...others], ["node:url"]);
  const found = await filesWithDeno(["src/files/deno_source.ts", "src/files/open_source.ts"]);
  assertEquals(found, ["src/files/deno_source.ts"]);
});

Deno.test("mod.ts is bundled for browsers, with the kernels and without node: modules", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "browser", "mod.ts"],
    cwd: new URL("..", import.meta.url).pathname,
  }).output();
  const bundle = new TextDecoder().decode(stdout);
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  assert(bundle.includes("@compute @workgroup_size"), "no kernel is in it");
  assertEquals(bundle.match(/["']node:[^"']*["']/g), null);
});
