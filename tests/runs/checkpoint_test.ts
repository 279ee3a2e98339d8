import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { decodeSafetensors } from "../../src/files/safetensors.ts";
import { openDevice } from "../../src/gpu/device.ts";
import { readFloats } from "../../src/gpu/tensor.ts";
import { InputError } from "../../src/input_error.ts";
import { lightgcn } from "../../src/models/lightgcn.ts";
import { mfBpr } from "../../src/models/mf_bpr.ts";
import { builtModel } from "../../src/models/model.ts";
import { streamState } from "../../src/models/saved_tensor.ts";
import { patternOf } from "../../src/sparse/csr.ts";
import {
  type Checkpoint,
  loadCheckpoint,
  loadModel,
  requireShapes,
  saveCheckpoint,
  saveModel,
} from "../../src/runs/checkpoint.ts";
import { withFolder } from "../data/dataset_folder.ts";
import { encodeSafetensors } from "../files/safetensors_file.ts";
import { trainOnly } from "../../scripts/bench/generated_graph.ts";
import { training } from "./training_config.ts";

const train = patternOf(2, 3, [[0, 1], [1, 0], [1, 1]]);
const dataset = trainOnly("made", train);
const settings = { dim: 4, layers: 1, regWeight: 0, seed: 1 };

const shape = [5, 4];
const embeddings = { shape, data: Float32Array.from({ length: 20 }, (_, i) => i / 3) };

const checkpoint: Checkpoint = {
  state: {
    epoch: 7,
    tensors: {
      embeddings,
      "embeddings.first_moment": { shape, data: new Float32Array(20).fill(1) },
      "embeddings.second_moment": { shape, data: new Float32Array(20).fill(2) },
    },
  },
  config: { model: "lightgcn", dataset: "made", fingerprint: "0", settings, training },
  best: { epoch: 5, value: 0.25 },
};

Deno.test("a checkpoint is read as it was written", async () => {
  await withFolder({}, async (folder) => {
    await saveCheckpoint(`${folder}/last.safetensors`, {
      ...checkpoint,
      state: streamState(checkpoint.state),
    });
    assertEquals(await loadCheckpoint(`${folder}/last.safetensors`), checkpoint);
  });
});

Deno.test("a damaged checkpoint is refused by file and key", async (test) => {
  const cases: [change: Record<string, string>, message: (path: string) => string][] = [
    [{ format: "other" }, (path) => `${path} is not a checkpoint: its format is other.`],
    [{ epoch: "" }, (path) => `"epoch" of ${path} is "", not a whole number from 0.`],
    [{ epoch: "2.5" }, (path) => `"epoch" of ${path} is "2.5", not a whole number`],
    [{ config: "{" }, (path) => `"config" of ${path} is not JSON`],
    [{ config: "null" }, (path) => `"config" of ${path} is not a JSON object.`],
    [{ best: "[1]" }, (path) => `"best" of ${path} is not a JSON object.`],
    [
      { best: '{"epoch":1}' },
      (path) => `"best" of ${path} lacks an epoch or a value: {"epoch":1}.`,
    ],
  ];
  await withFolder({}, async (folder) => {
    const path = `${folder}/last.safetensors`;
    await saveCheckpoint(path, { ...checkpoint, state: streamState(checkpoint.state) });
    const { tensors, metadata } = decodeSafetensors(await Deno.readFile(path), path);
    for (const [change, message] of cases) {
      await test.step(JSON.stringify(change), async () => {
        await Deno.writeFile(path, encodeSafetensors(tensors, { ...metadata, ...change }));
        await assertRejects(() => loadCheckpoint(path), InputError, message(path));
      });
    }
    await test.step("moments of another shape", async () => {
      const moment = { shape: [4, 4], data: new Float32Array(16) };
      const changed = { ...tensors, "embeddings.second_moment": moment };
      await Deno.writeFile(path, encodeSafetensors(changed, metadata));
      const { state } = await loadCheckpoint(path);
      const wanted = { embeddings: shape, "embeddings.second_moment": shape };
      const message =
        `${path} holds embeddings.second_moment of 4 × 4, but this dataset and model need 5 × 4.`;
      assertThrows(() => requireShapes(path, state.tensors, wanted), InputError, message);
    });
    await test.step("a parameter that is not there", () => {
      const message = `${path} holds bias of no shape, but this dataset and model need 4.`;
      assertThrows(() => requireShapes(path, tensors, { bias: [4] }), InputError, message);
    });
    await test.step("integers", async () => {
      const changed = { ...tensors, embeddings: { shape, data: new Int32Array(20) } };
      await Deno.writeFile(path, encodeSafetensors(changed, metadata));
      const message = `"embeddings" of ${path} is not of floats.`;
      await assertRejects(() => loadCheckpoint(path), InputError, message);
    });
  });
});

Deno.test("a model takes its own embeddings and no others", async (test) => {
  using gpu = await openDevice();
  using model = builtModel(await lightgcn.create(gpu, dataset, settings));
  using factors = await mfBpr.create(gpu, dataset, { dim: 4 });
  await withFolder({}, async (folder) => {
    const [saved, run, plain] = ["saved", "run", "plain"].map((name) =>
      `${folder}/${name}.safetensors`
    ) as [string, string, string];
    await saveModel(factors, saved);
    await saveCheckpoint(run, { ...checkpoint, state: streamState(checkpoint.state) });
    const threes = { shape, data: new Float32Array(20).fill(3) };
    await Deno.writeFile(plain, encodeSafetensors({ embeddings: threes }));
    await test.step("of a run", async () => {
      await loadModel(model, run);
      assertEquals((await readFloats(gpu, model.parameters.embeddings!))[0], embeddings.data);
      const message = `${run} holds parameters of lightgcn, but the model is mf_bpr.`;
      await assertRejects(() => loadModel(factors, run), InputError, message);
    });
    await test.step("of a saved model", async () => {
      await loadModel(factors, saved);
      const message = `${saved} holds parameters of mf_bpr, but the model is lightgcn.`;
      await assertRejects(() => loadModel(model, saved), InputError, message);
    });
    await test.step("of a file that does not say", async () => {
      await loadModel(model, plain);
      assertEquals((await readFloats(gpu, model.parameters.embeddings!))[0], threes.data);
    });
  });
});
