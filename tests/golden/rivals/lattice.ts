/**
 * Replays lattice.json.
 *
 * @module
 */
import { similarItems } from "../../../src/features/cosine_graph.ts";
import type { GpuDevice } from "../../../src/gpu/device.ts";
import { readFloats, readIntegers } from "../../../src/gpu/tensor.ts";
import {
  lattice,
  type LatticeGraphs,
  type LatticeSettings,
  prepareLattice,
  representAnew,
} from "../../../src/models/lattice.ts";
import { type BuiltModel, builtModel, type Phase } from "../../../src/models/model.ts";
import { toDense } from "../../../src/sparse/graphs.ts";
import { walkGraph } from "../../../src/sparse/walk_graph.ts";
import { type Compare, lossAndGradients, represent } from "../replay.ts";
import { at, number, numbers, parameter, type RivalFile, type RivalInput } from "../rival_file.ts";
import { compareForward, loadParameters, type RivalCheck } from "./rival_check.ts";

const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  embeddings: ["user_embedding.weight", "item_id_embedding.weight"],
  modal_weight: ["modal_weight"],
  "image.features": ["image_embedding.weight"],
  "image.weight": ["image_trs.weight"],
  "image.bias": ["image_trs.bias"],
  "text.features": ["text_embedding.weight"],
  "text.weight": ["text_trs.weight"],
  "text.bias": ["text_trs.bias"],
};

/** Graphs, representations, loss terms and gradients in the first batch of an epoch and in a later one. */
export const checkLattice: RivalCheck = async (gpu, file, input, compare) => {
  await compareFixedGraphs(gpu, file, input, compare);
  // The file's modal weights are the image's, then the text's.
  const dataset = { ...input.dataset, modalities: input.dataset.modalities.toReversed() };
  const settings = settingsOf(file, input);
  using model = builtModel(await lattice.create(gpu, dataset, settings));
  loadParameters(gpu, model, file, { parameters: PARAMETERS, terms: {} });
  await compareForward(gpu, model, file, compare);
  using graphs = await prepareLattice(gpu, dataset, settings);
  await represent(gpu, { represent: (tape) => representAnew(tape, graphs, model.parameters) });
  await compareItemGraph(gpu, graphs, file, compare);
  const [neighbours, first, later] = model.phases as [Phase, Phase, Phase];
  await lossAndGradients(gpu, model, input.batch, neighbours);
  await neighbours.after!.run(0);
  await compareBatch(gpu, model, file, input, compare, "", first);
  await compareBatch(gpu, model, file, input, compare, "later_batch/", later);
};

function settingsOf(file: RivalFile, { batch }: RivalInput): LatticeSettings {
  const config = (key: string): number => number(file, `config/${key}`);
  return {
    dim: config("embedding_size"),
    layers: (numbers(file, "config/weight_size") as readonly number[]).length,
    itemLayers: config("n_layers"),
    knn: config("knn_k"),
    lambda: config("lambda_coeff"),
    // The file's penalty is divided by a batch size that its batch does not have.
    regWeight: config("reg_weight") * batch.length / config("train_batch_size"),
    seed: 1,
  };
}

/** The graphs that do not depend on parameters. */
async function compareFixedGraphs(
  gpu: GpuDevice,
  file: RivalFile,
  { dataset: { train, itemCount, modalities } }: RivalInput,
  compare: Compare,
): Promise<void> {
  compare(
    "graphs/ui_norm_adj",
    toDense(walkGraph(train)),
    numbers(file, "graphs/ui_norm_adj/values"),
  );
  const k = number(file, "config/knn_k");
  for (const { name, features } of modalities) {
    const raw = await features!.read(0, itemCount);
    const { ids, values } = await similarItems(gpu, features!, raw, k);
    const key = `graphs/${name}_original`;
    compare(key, listsToDense(ids, values, itemCount, k, 0, k), numbers(file, key));
  }
}

/** The learned graph as {@linkcode representAnew} left it. */
async function compareItemGraph(
  gpu: GpuDevice,
  { itemCount, items }: LatticeGraphs,
  file: RivalFile,
  compare: Compare,
): Promise<void> {
  const { k, degree, similarity, matrix } = items;
  const [[column], [cosines, entries]] = await Promise.all([
    readIntegers(gpu, matrix.column),
    readFloats(gpu, similarity, matrix.value),
  ]);
  ["image", "text"].forEach((name, modality) => {
    const key = `graphs/${name}_learned_knn_before_normalisation`;
    const dense = listsToDense(column!, cosines!, itemCount, degree, modality * k, k);
    compare(key, dense, numbers(file, key));
  });
  const dense = listsToDense(column!, entries!, itemCount, degree, 0, degree);
  compare("graphs/item_adj", dense, numbers(file, "graphs/item_adj/values"));
}

/** The entries [first, first + count) of lists of `degree`, as a dense matrix. */
function listsToDense(
  column: Uint32Array,
  values: Float32Array,
  rows: number,
  degree: number,
  first: number,
  count: number,
): Float64Array {
  const dense = new Float64Array(rows * rows);
  for (let row = 0; row < rows; row++) {
    for (let place = row * degree + first; place < row * degree + first + count; place++) {
      dense[row * rows + column[place]!]! += values[place]!;
    }
  }
  return dense;
}

/** Loss terms and gradients of a phase; what has none in the file must be zero. */
async function compareBatch(
  gpu: GpuDevice,
  model: BuiltModel,
  file: RivalFile,
  { batch }: RivalInput,
  compare: Compare,
  prefix: string,
  phase: Phase,
): Promise<void> {
  const { terms, gradients } = await lossAndGradients(gpu, model, batch, phase);
  const squares = terms.squares! * model.lossTerms.squares!.weight;
  const losses = {
    "terms/bpr": terms.bpr!,
    "terms/embedding_l2_weighted": squares,
    total: terms.bpr! + squares,
  };
  for (const [name, ours] of Object.entries(losses)) {
    const key = `${prefix}loss/${name}`;
    compare(key, [ours], number(file, key));
  }
  const theirs = at(file, `${prefix}gradients`) as Readonly<Record<string, unknown>>;
  for (const [name, parts] of Object.entries(PARAMETERS)) {
    let from = 0;
    for (const part of parts) {
      const key = `${prefix}gradients/${part}`;
      const length = parameter(file, part).length;
      const expected = part in theirs ? numbers(file, key) : new Array<number>(length).fill(0);
      compare(key, gradients[name]!.subarray(from, from + length), expected);
      from += length;
    }
  }
}
