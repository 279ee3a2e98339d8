/** A model that is not of the library does all that the library's own do. */
import { assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import {
  compare,
  evaluate,
  InputError,
  loadModel,
  openGpu,
  openRun,
  parameters,
  saveModel,
  train,
} from "../../mod.ts";
import { withFolder } from "../data/dataset_folder.ts";
import { madeDataset } from "../training/made_dataset.ts";
import sgl from "./sgl.ts";

const data = madeDataset();
const settings = { dim: 8, contrastWeight: 0.3, dropout: 0.3, seed: 3 };
const options = { batchSize: 64, epochs: 6, evalEvery: 3 };

Deno.test("a model of one's own is written against the two entries alone", async () => {
  const text = await Deno.readTextFile(new URL("./sgl.ts", import.meta.url));
  const imports = [...text.matchAll(/from "([^"]+)"/g)].map(([, specifier]) => specifier);
  assertEquals(imports, ["../../mod.ts", "../../src/ops/mod.ts"]);
});

Deno.test("a model of one's own learns, and is saved and loaded", async () => {
  using gpu = await openGpu();
  await withFolder({}, async (folder) => {
    using model = await sgl.create(gpu, data, settings);
    const { history, valid } = await train(model, data, {
      ...options,
      epochs: 30,
      patience: Infinity,
    });
    const losses = history.flatMap(({ loss }) => loss ?? []);
    assertEquals(losses.length, 30);
    assertLess(losses.at(-1)!, losses[0]!);
    assertLess(1.2 * history[0]!.valid!["ndcg@20"], valid["ndcg@20"]);
    await saveModel(model, `${folder}/sgl.safetensors`);
    using other = await sgl.create(gpu, data, { ...settings, seed: 4 });
    await loadModel(other, `${folder}/sgl.safetensors`);
    assertEquals(await evaluate(other, data, "valid"), valid);
  });
});

Deno.test("a run of a model of one's own goes on with the same bits", async () => {
  using gpu = await openGpu();
  await withFolder({}, async (folder) => {
    const [straight, halves] = [`${folder}/straight`, `${folder}/halves`];
    using first = await sgl.create(gpu, data, settings);
    await train(first, data, { ...options, out: straight });
    using second = await sgl.create(gpu, data, settings);
    await train(second, data, { ...options, epochs: 3, out: halves });
    using third = await sgl.create(gpu, data, settings);
    await train(third, data, { ...options, out: halves, resume: true });
    assertEquals(await parameters(third), await parameters(first));
  });
});

Deno.test("a model of one's own is compared with the library's", async () => {
  const { rows } = await compare(data, { models: ["mf_bpr", sgl], seeds: 2, epochs: 2 });
  assertEquals(rows.map(({ model }) => model), ["popularity", "item_filter", "mf_bpr", "sgl"]);
  assertEquals(rows.map(({ pValue }) => pValue === undefined), [true, false, true, false]);
});

Deno.test("a model of one's own is offered by its file on the command line", async (test) => {
  const root = new URL("../../", import.meta.url).pathname;
  const file = `${root}tests/models/sgl.ts`;
  const run = async (script: string, ...args: string[]) => {
    const permissions = ["--allow-read", "--allow-write", "--allow-env=XDG_RUNTIME_DIR"];
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", ...permissions, `${root}scripts/${script}.ts`, ...args],
      cwd: root,
    }).output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: decode(stdout), stderr: decode(stderr) };
  };
  await withFolder({}, async (folder) => {
    const out = `${folder}/run`;
    await test.step("trained, with its own options", async () => {
      const asked = ["--model", file, "--tau", "0.5", "--dim", "16", "--epochs", "1", "--json"];
      const { code, stdout, stderr } = await run("train", ...asked, "--out", out);
      assertEquals(code, 0, stderr);
      const { model, config } = JSON.parse(stdout);
      assertEquals([model, config.settings.tau, config.settings.dim], ["sgl", 0.5, 16]);
    });
    await test.step("asked for recommendations", async () => {
      const asked = ["--run", out, "--user", "3", "--model", file, "--top", "4", "--json"];
      const { code, stdout, stderr } = await run("recommend", ...asked);
      assertEquals(code, 0, stderr);
      assertEquals(JSON.parse(stdout).recommended.length, 4);
    });
    await test.step("opened in a program, where its kind is told", async () => {
      using gpu = await openGpu();
      using opened = await openRun(gpu, out, { models: [sgl] });
      assertEquals(opened.model.settings.tau, 0.5);
      assertEquals([opened.data.name, opened.data.userCount], ["shop", opened.model.userCount]);
      await assertRejects(() => openRun(gpu, out), InputError, 'There is no model "sgl"');
    });
    await test.step("its options are in the help", async () => {
      const { stdout } = await run("train", "--model", file, "--help");
      assertStringIncludes(stdout, "--contrast-weight");
      assertStringIncludes(stdout, "patience 5 (nothing: tests need no best settings)");
    });
    await test.step("a file without a kind is refused", async () => {
      const { code, stderr } = await run("train", "--model", `${root}tests/models/made_model.ts`);
      assertEquals(code, 2);
      assertStringIncludes(stderr, "exports no kind of model by default, as defineModel makes it.");
    });
  });
});
