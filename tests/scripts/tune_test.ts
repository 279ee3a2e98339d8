/** Runs scripts/tune.ts as a user does, on the embedded shop. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { runScript } from "./run_script.ts";

const run = (folder: string, ...options: string[]) => runScript("tune.ts", folder, ...options);

Deno.test("settings are tried, kept, and the best is told as options", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const asked = ["--model", "item_filter", "--sharpness", "1/1.3", "--neighbors", "64"];
    const first = await run(folder, ...asked);
    assertEquals(first.code, 0, first.stderr);
    assertStringIncludes(first.stdout, "| neighbors | sharpness | valid recall@10 |");
    assertStringIncludes(first.stdout, "\nbest of 2: --neighbors 64 --sharpness ");
    assertStringIncludes(first.stdout, "\ntest: recall@10 0.");
    const kept = [...Deno.readDirSync(`${folder}/runs/tune`)].map(({ name }) => name).sort();
    assertEquals(kept.length, 2);
    const again = await run(folder, ...asked, "--json");
    assertEquals(JSON.parse(again.stdout).length, 2);
    const left = [...Deno.readDirSync(`${folder}/runs/tune`)].map(({ name }) => name).sort();
    assertEquals(left, kept);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what is wrong is told in a sentence", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const cases: [string[], string][] = [
      [[], "--model is needed; --help says what for."],
      [["--model", "ials", "--gamma", "1/2"], "--gamma is not an option of ials"],
      [["--model", "ials", "--dim", "64/x"], '--dim is "x", but must be a number.'],
    ];
    for (const [options, message] of cases) {
      const { code, stderr } = await run(folder, ...options);
      assertEquals(code, 2);
      assertStringIncludes(stderr, message);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
