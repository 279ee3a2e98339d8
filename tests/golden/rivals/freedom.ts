/**
 * Replays freedom.json.
 *
 * @module
 */
import type { GpuDevice } from "../../../src/gpu/device.ts";
import {
  freedom,
  type FreedomData,
  type FreedomSettings,
  frozenGraph,
  prepareFreedom,
  recordLoss,
  vectors,
} from "../../../src/models/freedom.ts";
import { type BuiltModel, builtModel, constants, type Phase } from "../../../src/models/model.ts";
import { replaceGraph } from "../../../src/ops/graphs/stepwise_convolution.ts";
import { patternOf, rowOf, type SparsePattern } from "../../../src/sparse/csr.ts";
import { edgeWeights } from "../../../src/sparse/edge_sampling.ts";
import { interactionGraph, toDense } from "../../../src/sparse/graphs.ts";
import { type Compare, flatten, lossAndGradients, represent } from "../replay.ts";
import { number, numbers, type RivalFile, type RivalInput } from "../rival_file.ts";
import { compareForward, compareLoss, loadParameters, type RivalCheck } from "./rival_check.ts";

/** All but the biases. */
const NAMES = {
  parameters: {
    embeddings: ["user_embedding.weight", "item_id_embedding.weight"],
    "text.features": ["text_embedding.weight"],
    "text.weight": ["text_trs.weight"],
    "image.features": ["image_embedding.weight"],
    "image.weight": ["image_trs.weight"],
  },
  terms: { bpr: "bpr_fused", "text.bpr": "bpr_text", "image.bpr": "bpr_image" },
};

const BIASES = { "text.bias": ["text_trs.bias"], "image.bias": ["image_trs.bias"] };

/** Graphs, representations of both, and loss terms and gradients with the file's kept edges. */
export const checkFreedom: RivalCheck = async (gpu, file, input, compare) => {
  const kept = keptEdges(file, input);
  const settings = settingsOf(file);
  await compareGraphs(gpu, file, input, kept, compare);
  using model = builtModel(await freedom.create(gpu, input.dataset, settings));
  const parameters = { ...NAMES.parameters, ...BIASES };
  loadParameters(gpu, model, file, { ...NAMES, parameters });
  using data = await prepareFreedom(gpu, input.dataset, settings);
  replaceGraph(data.sampled, interactionGraph(kept));
  const phase: Phase = {
    name: "with the file's kept edges",
    record: (tape, parameters, batch) => recordLoss(tape, data, parameters, batch),
  };
  await compareForward(gpu, model, file, compare);
  await compareSampled(gpu, model, data, file, compare);
  await compareLoss(gpu, model, file, input, NAMES, compare, "", phase);
  await compareBiases(gpu, model, file, input, compare, phase);
};

function settingsOf(file: RivalFile): FreedomSettings {
  const config = (key: string): number => number(file, `config/${key}`);
  return {
    dim: config("embedding_size"),
    layers: config("n_ui_layers"),
    itemLayers: config("n_mm_layers"),
    knn: config("knn_k"),
    imageWeight: config("mm_image_weight"),
    dropout: config("dropout"),
    regWeight: config("reg_weight"),
    seed: 1,
  };
}

/** The file's sample of the train pairs. */
function keptEdges(file: RivalFile, { dataset, pairs }: RivalInput): SparsePattern {
  const ids = flatten(numbers(file, "graphs/pruned/kept_edge_ids"));
  return patternOf(dataset.userCount, dataset.itemCount, ids.map((id) => pairs[id]!));
}

/** Graphs of users and items, how edges are weighted for the sample, and graphs of items. */
async function compareGraphs(
  gpu: GpuDevice,
  file: RivalFile,
  { dataset, pairs }: RivalInput,
  kept: SparsePattern,
  compare: Compare,
): Promise<void> {
  const { train, modalities } = dataset;
  const same = (key: string, ours: ArrayLike<number>): void =>
    compare(`graphs/${key}`, ours, numbers(file, `graphs/${key}`));
  same("norm_adj_full/values", toDense(interactionGraph(train)));
  same("pruned/norm_adj", toDense(interactionGraph(kept)));
  const weights = edgeWeights(train);
  const entryOf = ([user, item]: readonly [number, number]): number =>
    train.rowStart[user]! + rowOf(train, user).indexOf(item);
  same("edge_sampling_weights/values", pairs.map((pair) => weights[entryOf(pair)]!));
  const settings = settingsOf(file);
  for (const modality of modalities) {
    const alone = { ...dataset, modalities: [modality] };
    same(`${modality.name}_knn/normalised`, toDense(await frozenGraph(gpu, alone, settings)));
  }
  same("mm_adj/values", toDense(await frozenGraph(gpu, dataset, settings)));
}

/** Representations that the loss is of. */
async function compareSampled(
  gpu: GpuDevice,
  model: BuiltModel,
  data: FreedomData,
  file: RivalFile,
  compare: Compare,
): Promise<void> {
  const fixed = constants(model.parameters);
  const h = await represent(gpu, {
    represent: (tape) => vectors(tape, data, data.sampled, fixed).value,
  });
  const split = h.length / (model.userCount + model.itemCount) * model.userCount;
  compare("forward/train_user", h.subarray(0, split), numbers(file, "forward/train_user"));
  compare("forward/train_item", h.subarray(split), numbers(file, "forward/train_item"));
}

/**
 * The loss does not depend on biases, which shift both items of a triple alike: their gradients are
 * nothing but rounding, so that they are compared as parts of their layers'.
 */
async function compareBiases(
  gpu: GpuDevice,
  model: BuiltModel,
  file: RivalFile,
  { batch }: RivalInput,
  compare: Compare,
  phase: Phase,
): Promise<void> {
  const { gradients } = await lossAndGradients(gpu, model, batch, phase);
  for (const name of ["text", "image"]) {
    const ours = ["weight", "bias"].flatMap((part) => [...gradients[`${name}.${part}`]!]);
    const theirs = ["weight", "bias"].map((part) => numbers(file, `gradients/${name}_trs.${part}`));
    compare(`gradients/${name}_trs.weight and bias`, ours, theirs);
  }
}
