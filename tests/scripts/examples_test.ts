/** The examples of scripts/examples: short, with mod.ts alone, and right. */
import { assert, assertEquals, assertMatch } from "@std/assert";

const ROOT = new URL("../../", import.meta.url).pathname;
const FOLDER = `${ROOT}scripts/examples`;

/** What each prints, as far as it does not depend on the adapter. */
const PRINTS: Readonly<Record<string, RegExp>> = {
  embeddings: /^(.+ keeps a cosine of -?0\.\d{3}\n){3}$/,
  gamma_sweep: /^(γ [\d.]+: best epoch \d+, test NDCG@20 0\.1\d{3}\n){3}$/,
  metrics: /^validated after epochs \[ 0, 5, 10, 15, 20 \]\ntest 0\.\d+ 0\.\d+\n[^]+best-sellers/,
  recommendations: /^For shopper 7:\n(\d\.\d{3} .+\n){5}Like .+:\n(0\.\d{3} .+\n){5}$/,
  significance: /\| stair +\| 0\.[^]+\| lightgcn [^]+over users: -?0\.\d{4} more, p = \d\.\de/,
  trained_on: /"ndcg@20": 0\.1[^]+best epoch \d+ of 20, test NDCG@20 0\.1/,
};

Deno.test("every example is short and imports mod.ts alone", async () => {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(FOLDER)) {
    if (!name.endsWith(".ts")) continue;
    names.push(name.replace(/\.ts$/, ""));
    const text = await Deno.readTextFile(`${FOLDER}/${name}`);
    const lines = text.trimEnd().split("\n");
    assert(lines.length <= 20, `${name} has ${lines.length} lines`);
    const imports = [...text.matchAll(/from "([^"]+)"/g)].map(([, specifier]) => specifier);
    assertEquals(new Set(imports), new Set(["../../mod.ts"]), name);
  }
  assertEquals(names.sort(), Object.keys(PRINTS));
});

for (const [name, expected] of Object.entries(PRINTS)) {
  Deno.test(`the example ${name} runs`, async () => {
    // With its own folder for what it writes, and the permissions that the README names.
    const folder = await Deno.makeTempDir();
    try {
      await Deno.symlink(`${ROOT}data`, `${folder}/data`);
      const permissions = ["--allow-read", "--allow-write=runs", "--allow-env=XDG_RUNTIME_DIR"];
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", ...permissions, `${FOLDER}/${name}.ts`],
        cwd: folder,
        env: { NO_COLOR: "1" },
      }).output();
      assertEquals(code, 0, new TextDecoder().decode(stderr));
      assertMatch(new TextDecoder().decode(stdout), expected);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
