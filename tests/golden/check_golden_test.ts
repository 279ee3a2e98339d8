import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { checkGolden } from "./check_stair.ts";
import { type Golden, parseGolden } from "./stair_file.ts";
import { openDevice } from "../../src/gpu/device.ts";
import { InputError } from "../../src/input_error.ts";
import { withFolder } from "../data/dataset_folder.ts";
import { bothGathers } from "../gpu/gather/both_gathers.ts";

const SCRIPT = new URL("./check_golden.ts", import.meta.url).pathname;
const GOLDEN = new URL("./numbers/stair_small.json", import.meta.url).pathname;

async function run(...files: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--allow-env=XDG_RUNTIME_DIR", SCRIPT, ...files],
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

Deno.test("every quantity of the authors' own run is met", async (test) => {
  using opened = await openDevice();
  const golden: Golden = JSON.parse(Deno.readTextFileSync(GOLDEN));
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
  for (const { from, gpu } of bothGathers(opened)) {
    await test.step(`from ${from}`, async () => {
      const errors = await checkGolden(gpu, golden);
      assertEquals(quantities.filter((name) => !errors.has(name)), []);
      for (const [name, error] of errors) assert(error <= 1e-4, `${name} is off by ${error}`);
      assertEquals(gpu.bytes, 0);
    });
  }
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
  const golden = JSON.parse(Deno.readTextFileSync(GOLDEN));
  const { steps: _, ...withoutSteps } = golden;
  const files = {
    "broken.json": '{"config": ',
    "list.json": "[]",
    "empty.json": "{}",
    "no_steps.json": JSON.stringify(withoutSteps),
  };
  await withFolder(files, async (folder) => {
    const cases: [string[], string][] = [
      [[], "error: One golden file is needed"],
      [[GOLDEN, GOLDEN], "error: One golden file is needed"],
      [["nowhere.json"], "error: Cannot read nowhere.json"],
      [[`${folder}/broken.json`], `error: ${folder}/broken.json is not JSON`],
      [[`${folder}/list.json`], `error: ${folder}/list.json is not a JSON object.`],
      [[`${folder}/empty.json`], `error: ${folder}/empty.json: "config" is missing.`],
      [[`${folder}/no_steps.json`], `error: ${folder}/no_steps.json: "steps" is missing.`],
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

Deno.test("a quantity of another shape is refused by file and key", async (test) => {
  const text = Deno.readTextFileSync(GOLDEN);
  // deno-lint-ignore no-explicit-any
  const cases: [change: (golden: any) => void, message: string][] = [
    [(golden) => delete golden.config.gamma, '"config.gamma" is missing.'],
    [(golden) => golden.config.lr = "0.01", '"config.lr" must be a number.'],
    [(golden) => golden.config.items = 2.5, '"config" must hold whole sizes.'],
    [(golden) => golden.config = [], '"config" must be an object.'],
    [(golden) => golden.beta[3] = null, '"beta" must be a list of numbers.'],
    [(golden) => golden.initUser = [1, 2], '"initUser" must be lists of numbers.'],
    [(golden) => golden.features = [[1]], '"features" must be lists of lists of numbers.'],
    [(golden) => golden.features[1].pop(), '"features" must have 20 rows of one width'],
    [(golden) => golden.features.pop(), '"features", "neighborLists", "whitened" and'],
    [(golden) => golden.train[5] = [30, 2], '"train" must hold pairs of a user below 30'],
    [(golden) => golden.steps = [], '"steps" must be a list that is not empty.'],
    [(golden) => delete golden.steps[2].loss, '"steps[2].loss" is missing.'],
    [(golden) => golden.steps[2].user.pop(), '"steps" must hold batches of one size'],
    [(golden) => delete golden.afterLastStep.forward, '"afterLastStep.forward" is missing.'],
    [(golden) => golden.ranking.targets[0] = [20], '"ranking.targets" must have a row'],
    [(golden) => golden.ranking.metrics["P@3"] = 1, '"ranking.metrics" must hold numbers'],
  ];
  for (const [change, message] of cases) {
    await test.step(message, () => {
      const golden = JSON.parse(text);
      change(golden);
      const parse = () => parseGolden("changed.json", JSON.stringify(golden));
      assertThrows(parse, InputError, `changed.json: ${message}`);
    });
  }
});
