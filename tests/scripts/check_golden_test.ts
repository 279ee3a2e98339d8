import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { checkGolden, type Golden } from "../../scripts/check_golden.ts";
import { openGpu } from "../../src/gpu/device.ts";
import { withFolder } from "../data/dataset_folder.ts";

const SCRIPT = new URL("../../scripts/check_golden.ts", import.meta.url).pathname;
const GOLDEN = new URL("../../../shared/golden/stair_small.json", import.meta.url).pathname;

async function run(...files: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--allow-env=XDG_RUNTIME_DIR", SCRIPT, ...files],
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

Deno.test("every quantity of the authors' own run is met", async () => {
  using gpu = await openGpu();
  const golden: Golden = JSON.parse(Deno.readTextFileSync(GOLDEN));
  const errors = await checkGolden(gpu, golden);
  const quantities = [
    "adjacencyDense",
    "beta",
    "betaBackward",
    "alpha",
    "neighborLists[0]",
    "neighborLists[1]",
    "similarityDense",
    "whitened[0]",
    "whitened[1]",
    "initUser",
    "initItem",
    "forwardAtInit",
    "afterStep1.gradUser",
    "afterStep1.gradItem",
    "afterStep1.user",
    "afterStep1.item",
    "afterLastStep.user",
    "afterLastStep.item",
    "afterLastStep.forward",
    ...golden.steps.map((_, step) => `steps[${step}].loss`),
    ...Object.keys(golden.ranking.metrics).map((name) => `ranking ${name}`),
  ];
  assertEquals(quantities.filter((name) => !errors.has(name)), []);
  for (const [name, error] of errors) assert(error <= 1e-4, `${name} is off by ${error}`);
  assertEquals(gpu.bytes, 0);
});

Deno.test("the script passes the authors' file and fails a changed one", async (test) => {
  await test.step("the file itself", async () => {
    const { code, stdout, stderr } = await run(GOLDEN);
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, "quantities within 0.0001");
  });
  await test.step("one number changed", async () => {
    const golden = JSON.parse(Deno.readTextFileSync(GOLDEN));
    golden.afterLastStep.item[3][2] += 2e-4;
    await withFolder({ "changed.json": JSON.stringify(golden) }, async (folder) => {
      const { code, stdout } = await run(`${folder}/changed.json`);
      assertEquals(code, 1);
      assertStringIncludes(stdout, "\n1 of ");
    });
  });
});

Deno.test("bad arguments end the script with one line and code 2", async (test) => {
  await withFolder({ "broken.json": '{"config": ' }, async (folder) => {
    const cases: [string[], string][] = [
      [[], "error: One golden file is needed"],
      [[GOLDEN, GOLDEN], "error: One golden file is needed"],
      [["nowhere.json"], "error: Cannot read nowhere.json"],
      [[`${folder}/broken.json`], "error: "],
      [["--quick", GOLDEN], "error: Unknown argument --quick"],
    ];
    for (const [files, message] of cases) {
      await test.step(
        files.join(" ").replaceAll(folder, "").replaceAll(GOLDEN, "FILE"),
        async () => {
          const { code, stdout, stderr } = await run(...files);
          assertEquals([code, stdout, stderr.trimEnd().split("\n").length], [2, "", 1], stderr);
          assertStringIncludes(stderr, message);
        },
      );
    }
  });
});
