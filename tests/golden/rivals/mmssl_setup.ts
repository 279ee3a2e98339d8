/**
 * MMSSL as mmssl.json has it: its settings, parameters, masks and noise.
 *
 * @module
 */
import type { GpuDevice } from "../../../src/gpu/device.ts";
import { createTensor, type Tensor, write } from "../../../src/gpu/tensor.ts";
import type { Draws } from "../../../src/models/draws.ts";
import { buildMmssl, prepareMmssl } from "../../../src/models/mmssl/mmssl.ts";
import type { MmsslData } from "../../../src/models/mmssl/phases.ts";
import type { MmsslSettings } from "../../../src/models/mmssl/settings.ts";
import type { BuiltModel, Phase } from "../../../src/models/model.ts";
import { madeModel } from "../../models/made_model.ts";
import { flatten, type Nested } from "../replay.ts";
import { at, type Json, number, numbers, type RivalFile, type RivalInput } from "../rival_file.ts";

/** Parameters by our names, each with the file's for its parts. */
export type Names = Readonly<Record<string, readonly string[]>>;

/** Our parameters and the file's. Not ours are w_q and two biases, which nothing depends on. */
export const GENERATOR: Names = {
  embeddings: ["G.user_id_embedding.weight", "G.item_id_embedding.weight"],
  attention: ["G.weight_dict.w_self_attention_cat"],
  "image.weight": ["G.image_trans.weight"],
  "image.bias": ["G.image_trans.bias"],
  "text.weight": ["G.text_trans.weight"],
  "text.bias": ["G.text_trans.bias"],
};
/** The discriminator's likewise. */
export const DISCRIMINATOR: Names = {
  "discriminator.weight1": ["D.net.0.weight"],
  "discriminator.scale1": ["D.net.2.weight"],
  "discriminator.shift1": ["D.net.2.bias"],
  "discriminator.weight2": ["D.net.4.weight"],
  "discriminator.scale2": ["D.net.6.weight"],
  "discriminator.shift2": ["D.net.6.bias"],
  "discriminator.weight3": ["D.net.8.weight"],
  "discriminator.bias3": ["D.net.8.bias"],
};

/** Whose gradient is zero as long as nothing is dropped: rounding alone would be compared. */
export const SHIFT1 = "D.net.2.bias";

/** Masks as the file calls them, by their use here. */
const MASKS: Readonly<Record<string, string>> = {
  "discriminator image": "model_image",
  "discriminator text": "model_text",
  "fake 1": "D_fake_1",
  "fake 2": "D_fake_2",
  "real 1": "D_real_1",
  "real 2": "D_real_2",
  "mixed 1": "D_mix_1",
  "mixed 2": "D_mix_2",
  "recommender image": "G_model_image",
  "recommender text": "G_model_text",
  "generated 1": "D_gen_1",
  "generated 2": "D_gen_2",
};

/** Random numbers of the file, by their use. */
export interface FileDraws extends Draws, Disposable {
  /** Replaces the noise. */
  setNoise(keys: string): void;
}

/** Uploads the noise and the masks of the file. */
export function fileDraws(gpu: GpuDevice, file: RivalFile): FileDraws {
  const tensors = new DisposableStack();
  const upload = (label: string, nested: Nested): Tensor => {
    const data = Float32Array.from(flatten(nested));
    return tensors.use(createTensor(gpu, label, [data.length], data));
  };
  const masks = new Map<string, Tensor>();
  const given = at(file, "with_dropout/dropout_masks") as unknown as readonly {
    readonly use: string;
    readonly mask: Nested;
  }[];
  for (const { use, mask } of given) masks.set(use, upload(use, mask));
  const uniforms: Readonly<Record<string, readonly [key: string, tensor: Tensor]>> = {
    "interactions": [
      "gumbel_uniform",
      upload("noise", numbers(file, "noise/gumbel_uniform")),
    ],
    "mixtures": ["penalty_mix", upload("mixtures", numbers(file, "noise/penalty_mix"))],
  };
  return {
    mask: (_, use, shape) => ({ ...masks.get(MASKS[use]!)!, shape }),
    uniform: (_, use, shape) => ({ ...uniforms[use]![1], shape }),
    setNoise: (keys) => {
      for (const [key, tensor] of Object.values(uniforms)) {
        write(gpu, tensor, Float32Array.from(flatten(numbers(file, `${keys}/${key}`))));
      }
    },
    [Symbol.dispose]: () => tensors.dispose(),
  };
}

/** MMSSL with what it is computed over. */
export interface Mmssl extends BuiltModel {
  /** Sizes, graphs and features. */
  readonly data: MmsslData;
}

/** The model with the file's settings and parameters. */
export async function createModel(
  gpu: GpuDevice,
  file: RivalFile,
  { dataset }: RivalInput,
  draws: Draws,
  changed: Partial<MmsslSettings> = {},
): Promise<Mmssl> {
  const config = (key: string): number => number(file, `config/${key}`);
  // The file has the image's rows before the text's.
  const modalities = dataset.modalities.toReversed();
  using guard = new DisposableStack();
  const data = guard.use(
    await prepareMmssl(gpu, { ...dataset, modalities }, {
      dim: config("embed_size"),
      layers: flatten(numbers(file, "config/weight_size")).length,
      regWeight: config("decay"),
      clRate: config("cl_rate"),
      tau: config("tau"),
      featRegDecay: config("feat_reg_decay"),
      gRate: config("G_rate"),
      modelCatRate: config("model_cat_rate"),
      idCatRate: config("id_cat_rate"),
      topkRate: config("m_topk_rate"),
      dropRate: config("drop_rate"),
      gDrop1: config("G_drop1"),
      gDrop2: config("G_drop2"),
      keepModalGraphs: false,
      seed: 1,
      ...changed,
    }),
  );
  const built = madeModel(gpu, dataset, guard.use(buildMmssl(gpu, data, draws)));
  const resources = guard.move();
  const model = { ...built, data, [Symbol.dispose]: () => resources.dispose() };
  const values = (prefix: string) => (name: string) => at(file, `${prefix}/${name}/values`);
  setParameters(gpu, model, GENERATOR, values("parameters"));
  setParameters(gpu, model, DISCRIMINATOR, values("discriminator/parameters"));
  return model;
}

/** Overwrites parameters with values of the file. */
export function setParameters(
  gpu: GpuDevice,
  model: Mmssl,
  names: Names,
  values: (name: string) => Json,
): void {
  for (const [ours, theirs] of Object.entries(names)) {
    const data = theirs.flatMap((name) => flatten(values(name) as Nested));
    write(gpu, model.parameters[ours]!, Float32Array.from(data));
  }
}

/** A player's phase. */
export function phaseNamed(
  { phases }: Mmssl,
  wanted: "discriminator" | "recommender",
): Phase {
  return phases.find(({ name }) => name === wanted)!;
}
