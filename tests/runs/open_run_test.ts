import { assertEquals, assertRejects } from "@std/assert";
import { loadDataset } from "../../src/data/load_dataset.ts";
import { openDevice } from "../../src/gpu/device.ts";
import { readFloats } from "../../src/gpu/tensor.ts";
import { InputError } from "../../src/input_error.ts";
import { lightgcn } from "../../src/models/lightgcn.ts";
import { builtModel } from "../../src/models/model.ts";
import { saveModel } from "../../src/runs/checkpoint.ts";
import { openRun } from "../../src/runs/open_run.ts";
import { withFolder } from "../data/dataset_folder.ts";
import { training } from "./training_config.ts";

const interactions = "user,item,split\n0,0,train\n0,1,valid\n0,2,test\n1,2,train\n1,0,test\n";
const settings = { dim: 4, layers: 1, regWeight: 0, seed: 1 };
Deno.test("a run is restored, or refused by file and key", async (test) => {
  using gpu = await openDevice();
  await withFolder({ "data/interactions.csv": interactions }, async (folder) => {
    const data = `${folder}/data`, path = `${folder}/config.json`;
    const config = {
      model: "lightgcn",
      dataset: "data",
      fingerprint: "0",
      data,
      settings,
      training,
    };
    const dataset = await loadDataset(data);
    {
      using model = builtModel(await lightgcn.create(gpu, dataset, settings));
      await saveModel(model, `${folder}/best.safetensors`);
      await Deno.writeTextFile(path, JSON.stringify(config));
      using run = await openRun(gpu, folder);
      assertEquals([run.path, run.data, run.model.name], [folder, dataset, "lightgcn"]);
      assertEquals(run.options, { ...training, out: folder, resume: true });
      const [expected, actual] = await readFloats(
        gpu,
        model.parameters.embeddings!,
        builtModel(run.model).parameters.embeddings!,
      );
      assertEquals(actual, expected);
    }
    assertEquals(gpu.bytes, 0);
    const cases: [text: string, message: string][] = [
      ['{"model": ', `${path} is not JSON`],
      ["7", `${path} is not a JSON object.`],
      [JSON.stringify({ ...config, data: 7 }), "does not say which dataset"],
      [JSON.stringify({ ...config, model: undefined }), "does not say which model"],
      [
        JSON.stringify({ ...config, model: "toString" }),
        `${path}: There is no model "toString": known are stair`,
      ],
      [JSON.stringify({ ...config, settings: "dim" }), "does not hold the model's settings"],
      [JSON.stringify({ ...config, training: {} }), "does not say how the model was trained"],
      [JSON.stringify({ ...config, data: undefined }), "that was built in memory"],
      [JSON.stringify({ ...config, settings: {} }), `${path}: dim is undefined`],
      [
        JSON.stringify({ ...config, settings: { ...settings, dim: 8 } }),
        "best.safetensors holds embeddings of 5 × 4, but this dataset and model need 5 × 8.",
      ],
      [
        JSON.stringify({ ...config, model: "mf_bpr" }),
        `${path}: "layers" is not a setting of mf_bpr, which has dim, regWeight, content, filter, seed.`,
      ],
      [
        JSON.stringify({ ...config, model: "mf_bpr", settings: { dim: 4, regWeight: 0, seed: 1 } }),
        "lightgcn, but the model is mf_bpr.",
      ],
    ];
    for (const [text, message] of cases) {
      await test.step(message.replace(folder, ""), async () => {
        await Deno.writeTextFile(path, text);
        await assertRejects(() => openRun(gpu, folder), InputError, message);
        assertEquals(gpu.bytes, 0);
      });
    }
  });
});
