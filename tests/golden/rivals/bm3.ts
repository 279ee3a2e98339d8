/**
 * Replays bm3.json.
 *
 * @module
 */
import type { GpuDevice } from "../../../src/gpu/device.ts";
import { createTensors } from "../../../src/gpu/tensor.ts";
import {
  beforePredictor,
  bm3,
  type Bm3Data,
  type Bm3Settings,
  prepareBm3,
  recordLoss,
} from "../../../src/models/bm3.ts";
import type { Draws } from "../../../src/models/draws.ts";
import { type BuiltModel, builtModel, constants } from "../../../src/models/model.ts";
import { interactionGraph, toDense } from "../../../src/sparse/graphs.ts";
import { type Compare, flatten, represent } from "../replay.ts";
import { number, numbers, type RivalFile, type RivalInput } from "../rival_file.ts";
import { compareForward, compareLoss, loadParameters, type RivalCheck } from "./rival_check.ts";

const NAMES = {
  parameters: {
    embeddings: ["user_embedding.weight", "item_id_embedding.weight"],
    "predictor.weight": ["predictor.weight"],
    "predictor.bias": ["predictor.bias"],
    "text.features": ["text_embedding.weight"],
    "text.weight": ["text_trs.weight"],
    "text.bias": ["text_trs.bias"],
    "image.features": ["image_embedding.weight"],
    "image.weight": ["image_trs.weight"],
    "image.bias": ["image_trs.bias"],
  },
  terms: {
    user_to_item: "user_to_item",
    item_to_user: "item_to_user",
    norms: "embedding_norm_unweighted",
    "text.to_item": "text_to_item",
    "text.to_itself": "text_to_text",
    "image.to_item": "image_to_item",
    "image.to_itself": "image_to_image",
  },
};

/** Graph, representations, loss terms and gradients with the file's masks, and without dropout. */
export const checkBm3: RivalCheck = async (gpu, file, input, compare) => {
  const { train } = input.dataset;
  const theirs = numbers(file, "graphs/norm_adj/values");
  compare("graphs/norm_adj", toDense(interactionGraph(train)), theirs);
  using masks = uploadMasks(gpu, file, input);
  const settings = settingsOf(file);
  using model = await createModel(gpu, file, input, settings);
  using data = prepareBm3(gpu, input.dataset, settings);
  await compareForward(gpu, model, file, compare);
  await compareBeforePredictor(gpu, model, data, file, compare);
  await compareLoss(gpu, model, file, input, NAMES, compare, "", {
    name: "with the file's masks",
    record: (tape, parameters, batch) => recordLoss(tape, data, parameters, batch, masks),
  });
  using undropped = await createModel(gpu, file, input, { ...settings, dropout: 0 });
  await compareLoss(gpu, undropped, file, input, NAMES, compare, "no_dropout/");
};

function settingsOf(file: RivalFile): Bm3Settings {
  const config = (key: string): number => number(file, `config/${key}`);
  return {
    dim: config("embedding_size"),
    layers: config("n_layers"),
    dropout: config("dropout"),
    regWeight: config("reg_weight"),
    clWeight: config("cl_weight"),
    seed: 1,
  };
}

async function createModel(
  gpu: GpuDevice,
  file: RivalFile,
  { dataset }: RivalInput,
  settings: Bm3Settings,
): Promise<BuiltModel> {
  const model = builtModel(await bm3.create(gpu, dataset, settings));
  loadParameters(gpu, model, file, NAMES);
  return model;
}

/** The file's masks; users' and items' are one above the other. */
function uploadMasks(
  gpu: GpuDevice,
  file: RivalFile,
  { dataset: { userCount, itemCount } }: RivalInput,
): Pick<Draws, "mask"> & Disposable {
  const dim = number(file, "config/embedding_size");
  const mask = (...names: string[]) =>
    Float32Array.from(
      names.flatMap((name) => flatten(numbers(file, `dropout_masks/${name}_target`))),
    );
  const masks = createTensors(gpu, {
    ids: ["mask of ids", [userCount + itemCount, dim], mask("user", "item")],
    text: ["mask of text", [itemCount, dim], mask("text")],
    image: ["mask of image", [itemCount, dim], mask("image")],
  });
  const byUse = new Map(Object.values(masks).map((mask) => [mask.label, mask]));
  return {
    mask: (_, use) => byUse.get(use)!,
    [Symbol.dispose]: () => masks[Symbol.dispose](),
  };
}

async function compareBeforePredictor(
  gpu: GpuDevice,
  model: BuiltModel,
  data: Bm3Data,
  file: RivalFile,
  compare: Compare,
): Promise<void> {
  const vectors = await represent(gpu, {
    represent: (tape) => beforePredictor(tape, data, constants(model.parameters)).value,
  });
  const split = vectors.length / (model.userCount + model.itemCount) * model.userCount;
  const parts = { user: vectors.subarray(0, split), item: vectors.subarray(split) };
  for (const [name, ours] of Object.entries(parts)) {
    const key = `forward/${name}_before_predictor`;
    compare(key, ours, numbers(file, key));
  }
}
