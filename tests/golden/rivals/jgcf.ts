/**
 * Replays jgcf.json.
 *
 * @module
 */
import type { Dataset } from "../../../src/data/dataset.ts";
import type { GpuDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { readFloats, type Tensor } from "../../../src/gpu/tensor.ts";
import { DAMPING, jacobiSteps, jgcf, type JgcfSettings } from "../../../src/models/jgcf.ts";
import { type BuiltModel, builtModel } from "../../../src/models/model.ts";
import { meanOfPolynomials } from "../../../src/ops/graphs/polynomial_convolution.ts";
import { uploadSparse } from "../../../src/ops/graphs/packed_matrix.ts";
import { Tape } from "../../../src/tape/tape.ts";
import { interactionGraph, toDense } from "../../../src/sparse/graphs.ts";
import { type Compare, flatten, lossAndGradients, represent } from "../replay.ts";
import { at, number, numbers, type RivalFile, type RivalInput } from "../rival_file.ts";
import { compareForward, compareLoss, loadParameters, type RivalCheck } from "./rival_check.ts";

const NAMES = {
  parameters: { embeddings: ["user_embedding.weight", "item_embedding.weight"] },
  terms: { bpr: "bpr", norms: "embedding_norm_unweighted" },
};

/** Graph, polynomials, representations, loss terms and gradients; all but the first two in variants. */
export const checkJgcf: RivalCheck = async (gpu, file, input, compare) => {
  const { dataset } = input;
  const settings = settingsOf(file);
  compare(
    "graphs/norm_adj",
    toDense(interactionGraph(dataset.train)),
    numbers(file, "graphs/norm_adj/values"),
  );
  compare("config/effective_coefficient", [DAMPING], number(file, "config/effective_coefficient"));
  using model = builtModel(await jgcf.create(gpu, dataset, settings));
  loadParameters(gpu, model, file, NAMES);
  await comparePolynomials(gpu, model, dataset, settings, file, compare);
  await compareForward(gpu, model, file, compare);
  await compareLoss(gpu, model, file, input, NAMES, compare);
  const count = (at(file, "variants/entries") as readonly unknown[]).length;
  for (let entry = 0; entry < count; entry++) {
    await compareVariant(gpu, file, input, `variants/entries/${entry}`, compare);
  }
};

/** The file's settings, with what `changes` of them holds in their place. */
function settingsOf(
  file: RivalFile,
  changes: Readonly<Record<string, unknown>> = {},
): JgcfSettings {
  const setting = (name: string): number =>
    typeof changes[name] === "number" ? changes[name] : number(file, `config/${name}`);
  return {
    dim: setting("embedding_size"),
    layers: setting("n_layers"),
    a: setting("a"),
    b: setting("b"),
    alpha: setting("alpha"),
    regWeight: setting("reg_weight"),
    squaredPenalty: (changes.require_pow ?? at(file, "config/require_pow")) === true,
    seed: 1,
  };
}

/** Compares each P_k(Ã) E, which is (k + 1) means up to degree k less k means up to k − 1. */
async function comparePolynomials(
  gpu: GpuDevice,
  model: BuiltModel,
  { train }: Dataset,
  settings: JgcfSettings,
  file: RivalFile,
  compare: Compare,
): Promise<void> {
  using graph = uploadSparse(gpu, "adjacency", interactionGraph(train));
  const steps = jacobiSteps(settings);
  let before: Float32Array | undefined;
  for (let k = 0; k <= settings.layers; k++) {
    const mean = await read(
      gpu,
      (tape) => meanOfPolynomials(tape, graph, steps.slice(0, k), model.parameters.embeddings!),
    );
    const key = `forward/polynomial_terms/values/${k}`;
    const term = mean.map((x, i) => (k + 1) * x - k * (before?.[i] ?? 0));
    compare(key, term, numbers(file, key));
    before = mean;
  }
}

/** Runs what `record` records, and reads its result. */
async function read(gpu: GpuDevice, record: (tape: Tape) => Tensor): Promise<Float32Array> {
  using scratch = new Scratch(gpu);
  const tape = new Tape(gpu, "polynomials", scratch);
  const result = record(tape);
  using program = tape.program;
  program.run();
  return (await readFloats(gpu, result))[0]!;
}

/** Compares what the file has of a variant: the loss, and the first rows of the rest. */
async function compareVariant(
  gpu: GpuDevice,
  file: RivalFile,
  { dataset, batch }: RivalInput,
  key: string,
  compare: Compare,
): Promise<void> {
  const changes = at(file, `${key}/config_changes`) as Readonly<Record<string, unknown>>;
  const settings = settingsOf(file, changes);
  using model = builtModel(await jgcf.create(gpu, dataset, settings));
  loadParameters(gpu, model, file, NAMES);
  const users = numbers(file, `${key}/forward_user_first_3_rows`);
  const h = await represent(gpu, model);
  compare(`${key}/forward_user_first_3_rows`, h.subarray(0, flatten(users).length), users);
  const { terms, gradients } = await lossAndGradients(gpu, model, batch);
  for (const [name, their] of Object.entries(NAMES.terms)) {
    compare(
      `${key}/loss/terms/${their}`,
      [terms[name]!],
      number(file, `${key}/loss/terms/${their}`),
    );
  }
  const total = terms.bpr! + settings.regWeight * terms.norms!;
  compare(`${key}/loss/total`, [total], number(file, `${key}/loss/total`));
  const items = numbers(file, `${key}/gradient_item_embedding_first_3_rows`);
  const first = model.userCount * settings.dim;
  compare(
    `${key}/gradient_item_embedding_first_3_rows`,
    gradients.embeddings!.subarray(first, first + flatten(items).length),
    items,
  );
}
