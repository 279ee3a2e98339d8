/**
 * MMSSL: Multi-Modal Self-Supervised Learning for Recommendation (Wei, Huang, Xia & Zhang, WWW 2023).
 *
 * R are the train interactions, users × items; G_ui = D_u^−½ R and G_iu = D_i^−½ Rᵀ, normalised on one
 * side; P and Q the users' and items' embeddings, E both stacked. Each modality m has
 *
 * - projected features V = dropout(F W + b), passed on to users, G_ui V, and back to items, G_iu G_ui V:
 *   stacked X_m;
 * - a graph of its own, at first G_ui and G_iu; the embeddings of the neighbours in it, stacked N_m.
 *
 * With C the sum of the heads' blocks of the attention's last matrix and ‖·‖ for rows scaled to length 1,
 * E_0 = E + a ‖mean_m N_m C‖. Rounds follow, users = G_ui items, items = G_iu users, the last one with a
 * softmax of every row of both; H = mean(E_0, …, E_L) + c Σ_m ‖X_m‖ ranks.
 *
 * Two players take turns on every batch. For each of its users u there are rows of similarities to all
 * items, s = ‖x_u · x_i‖ with zeros for train items: fake ones from every X_m, and one of H, from which a
 * real one is made, ‖softmax(R_u + noise) + 100 s‖. The discriminator D learns to score real rows high and
 * fake ones low: mean D(fake) − mean D(real) + 0.3 · gradient penalty on random mixtures of both. The
 * recommender's loss is
 *
 *     −mean log σ(⟨h_u, h_p⟩ − ⟨h_u, h_n⟩) + r Σ‖h‖²/2 / B + f Σ_m Σ X_m²/2 / items
 *       + t Σ_m contrast(N_m, H)(users of the batch) − g · mean D(fake).
 *
 * D has two hidden layers, of items / 4 and items / 8 columns, each linear with batch normalisation and
 * dropout, and ends in 100 σ.
 *
 * What the authors' code (HKUDS/MMSSL@f8d8955) computes, although its names promise something else:
 *
 * - The attention's weights average out, because of the shapes of its arrays, so that its queries have no
 *   gradient; they are left out here.
 * - D's activations are LeakyReLU of slope 1, the identity. The biases of its first two layers are left out
 *   here: the normalisation after them takes them away.
 * - The graphs of modalities do not last. The first batch of an epoch collects the best
 *   ⌊items · topkRate⌋ items of each of its users by every modality's similarities; they are its graph in
 *   the third batch alone, and from the fourth on it is empty, also for ranking and in the epochs that
 *   follow. With the published rate nothing is collected where there are fewer than 10,000 items, and
 *   graphs are empty from the third batch on. `keepModalGraphs` leaves them as they were last collected
 *   instead, or the initial ones where nothing is.
 * - With more than one item per user, collected items go with other users than their own.
 *
 * Here the batches are this project's, every train pair once in an epoch, where the authors draw random
 * users with one pair each: a user may stand in a batch twice. The last batch may be shorter, and means
 * are over its own length. 1e-8 beside degrees is left out: it moves weights by less than f32 resolves.
 * The authors stop after 7 evaluations without a better one; the preset of `baby` trains all its epochs, and
 * the best of those evaluated is kept.
 *
 * Modalities without features, such as lists of neighbours, are refused. D's first layer is
 * items × items / 4: 4 GB for Electronics' 63,001 items, and about 28 GB in all with its moments, its
 * gradient and copies.
 *
 * @module
 */
import type { Dataset } from "../../data/dataset.ts";
import type { Gpu } from "../../gpu/device.ts";
import { createTensor, type Tensor } from "../../gpu/tensor.ts";
import { InputError } from "../../input_error.ts";
import { uploadSparse } from "../../ops/graphs/sparse_tensor.ts";
import { type SparseMatrix, transpose } from "../../sparse/csr.ts";
import { oneSidedGraph } from "../../sparse/one_sided_graph.ts";
import { initialStream, linearDefaults, stackedTables, xavierUniform } from "../initial_values.ts";
import { initialDiscriminator } from "./discriminator.ts";
import { type Draws, seededDraws } from "../draws.ts";
import { generate, HEADS, type ModalData, type SparsePair } from "./generator.ts";
import { createModalGraph, LARGEST_BATCH } from "./modal_graph.ts";
import { type MmsslData, mmsslPhases, mmsslTerms } from "./phases.ts";
import type { MmsslSettings } from "./settings.ts";
import { constants, type Model, type ModelKind, requireAtLeast, requireShape } from "../model.ts";
import { allFeatured, type FeaturedModality } from "../projected_features.ts";

export type { MmsslSettings } from "./settings.ts";

/** MMSSL with what it is computed over. */
export interface Mmssl extends Model {
  /** Sizes, graphs and features. */
  readonly data: MmsslData;
}

/** The fewest items for which the discriminator has a hidden column. */
const LEAST_ITEMS = 8;

/**
 * Uploads MMSSL with random parameters: embeddings, projections and attention Xavier uniform, the
 * discriminator Kaiming normal.
 *
 * @param draws Where masks and noise come from; by the seed unless told.
 * @throws {InputError} when a setting is out of range, a modality has no features, or there are too few
 * items.
 * @throws {GpuError} when the discriminator, items × items / 4, exceeds what the adapter can hold.
 */
export async function createMmssl(
  gpu: Gpu,
  dataset: Dataset,
  settings: MmsslSettings,
  draws: Draws = seededDraws(settings.seed),
): Promise<Mmssl> {
  requireSettings(settings);
  const modalities = requireFeatures(dataset);
  using guard = new DisposableStack();
  const generator = createGenerator(gpu, guard, dataset, modalities, settings);
  const discriminator = upload(
    gpu,
    guard,
    initialDiscriminator(settings.seed, dataset.itemCount),
  );
  const data = await uploadData(gpu, guard, dataset, modalities, settings);
  const terms = mmsslTerms(modalities.map(({ name }) => name), settings);
  const resources = guard.move();
  return {
    name: "mmssl",
    userCount: data.userCount,
    itemCount: data.itemCount,
    data,
    parameters: { ...generator, ...discriminator },
    buffers: graphBuffers(data.modalities),
    settings: { ...settings },
    lossTerms: terms,
    phases: mmsslPhases(gpu, data, terms, draws, {
      generator: Object.keys(generator),
      discriminator: Object.keys(discriminator),
    }),
    represent: (tape) => generate(tape, data, constants(generator)).h.value,
    [Symbol.dispose]: () => resources.dispose(),
  };
}

type Floats = Float32Array<ArrayBuffer>;
type Initial = Readonly<Record<string, readonly [shape: readonly number[], data: Floats]>>;

/** Uploads parameters under their names. */
function upload(gpu: Gpu, guard: DisposableStack, initial: Initial): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(initial).map(([name, [shape, data]]) =>
      [name, guard.use(createTensor(gpu, name, shape, data))] as const
    ),
  );
}

function createGenerator(
  gpu: Gpu,
  guard: DisposableStack,
  dataset: Dataset,
  modalities: readonly FeaturedModality[],
  { dim, seed }: MmsslSettings,
): Record<string, Tensor> {
  const draw = (name: string, rows: number, columns: number): Floats =>
    xavierUniform(initialStream(seed, name), rows, columns);
  const initial: Record<string, Initial[string]> = {
    embeddings: [
      [dataset.userCount + dataset.itemCount, dim],
      stackedTables(xavierUniform, seed, dataset, dim),
    ],
    attention: [[HEADS * dim, dim], draw("attention", HEADS * dim, dim)],
  };
  for (const { name, features: { width } } of modalities) {
    const { bias } = linearDefaults(seed, name, dim, width);
    initial[`${name}.weight`] = [[dim, width], draw(`${name}.weight`, dim, width)];
    initial[`${name}.bias`] = [[dim], bias];
  }
  return upload(gpu, guard, initial);
}

/** The modalities' graphs by the names that checkpoints have for their parts. */
function graphBuffers(modalities: readonly ModalData[]): Record<string, Tensor> {
  return Object.fromEntries(
    modalities.flatMap(({ name, graph }) =>
      Object.entries(graph.buffers).map(([part, tensor]) => [`${name}.graph.${part}`, tensor])
    ),
  );
}

/** D^−½ A of a matrix A of counts, and its transpose. */
function uploadPair(
  gpu: Gpu,
  guard: DisposableStack,
  label: string,
  counts: SparseMatrix,
): SparsePair {
  const graph = oneSidedGraph(counts);
  return {
    matrix: guard.use(uploadSparse(gpu, label, graph)),
    transposed: guard.use(uploadSparse(gpu, `${label}, transposed`, transpose(graph))),
  };
}

async function uploadData(
  gpu: Gpu,
  guard: DisposableStack,
  { userCount, itemCount, train }: Dataset,
  modalities: readonly FeaturedModality[],
  settings: MmsslSettings,
): Promise<MmsslData> {
  const interactions = { ...train, value: new Float32Array(train.column.length).fill(1) };
  const itemsOfUsers = uploadPair(gpu, guard, "items of users", interactions);
  return {
    userCount,
    itemCount,
    itemsOfUsers,
    usersOfItems: uploadPair(gpu, guard, "users of items", transpose(interactions)),
    seen: itemsOfUsers.matrix,
    modalities: await uploadModalities(gpu, guard, modalities, interactions, settings),
    settings,
  };
}

/** Features, and graphs that are the interactions' at first. */
async function uploadModalities(
  gpu: Gpu,
  guard: DisposableStack,
  modalities: readonly FeaturedModality[],
  interactions: SparseMatrix,
  { topkRate }: MmsslSettings,
): Promise<ModalData[]> {
  const itemCount = interactions.columnCount;
  const collected = LARGEST_BATCH * Math.floor(itemCount * topkRate);
  const capacity = Math.max(interactions.column.length, collected);
  const data: ModalData[] = [];
  for (const { name, features } of modalities) {
    const values = await features.read(0, itemCount);
    data.push({
      name,
      features: guard.use(
        createTensor(gpu, `${name} features`, [itemCount, features.width], values),
      ),
      graph: guard.use(createModalGraph(gpu, name, interactions, capacity)),
    });
  }
  return data;
}

function requireFeatures(dataset: Dataset): readonly FeaturedModality[] {
  const modalities = allFeatured(dataset, "MMSSL");
  const { name, itemCount } = dataset;
  if (itemCount < LEAST_ITEMS) {
    throw new InputError(
      `MMSSL needs ${LEAST_ITEMS} items or more, and ${name} has ${itemCount}.`,
    );
  }
  return modalities;
}

function requireSettings(settings: MmsslSettings): void {
  requireShape(settings);
  const { regWeight, clRate, tau, featRegDecay, gRate, modelCatRate, idCatRate } = settings;
  requireAtLeast("reg-weight", regWeight, 0);
  requireAtLeast("cl-rate", clRate, 0);
  requireAtLeast("tau", tau, 0.01);
  requireAtLeast("feat-reg-decay", featRegDecay, 0);
  requireAtLeast("g-rate", gRate, 0);
  requireAtLeast("model-cat-rate", modelCatRate, 0);
  requireAtLeast("id-cat-rate", idCatRate, 0);
  const { topkRate, dropRate, gDrop1, gDrop2 } = settings;
  requireShare("topk-rate", topkRate);
  requireShare("drop-rate", dropRate);
  requireShare("g-drop1", gDrop1);
  requireShare("g-drop2", gDrop2);
  if (typeof settings.keepModalGraphs !== "boolean") {
    throw new InputError(
      `keep-modal-graphs is ${settings.keepModalGraphs}, but must be true or false.`,
    );
  }
}

function requireShare(name: string, value: number): void {
  if (!(value >= 0 && value < 1)) {
    throw new InputError(`${name} is ${value}, but must be from 0 to below 1.`);
  }
}

/**
 * MMSSL as it is offered to people. The authors give defaults alone, none by dataset; the collections that
 * the other models' presets are of do not have it.
 */
export const mmssl: ModelKind = {
  title: "MMSSL (Wei et al., WWW 2023)",
  settings: {
    dim: { value: 64, help: "embedding width, a multiple of 4 up to 256" },
    layers: { value: 2, help: "rounds between users and items" },
    regWeight: { value: 1e-5, help: "weight of the penalty on squares of the batch's vectors" },
    clRate: { value: 0.03, help: "weight of the contrast between modalities and interactions" },
    tau: { value: 0.5, help: "temperature of the contrast, from 0.01" },
    featRegDecay: { value: 1e-5, help: "weight of the penalty on squares of modal vectors" },
    gRate: { value: 1e-4, help: "weight of the discriminator's verdict" },
    modelCatRate: { value: 0.55, help: "weight of modal directions in what ranks" },
    idCatRate: { value: 0.36, help: "weight of modal neighbours in the embeddings" },
    topkRate: { value: 1e-4, help: "share of the items that a modal graph links a user to" },
    dropRate: { value: 0.2, help: "dropout of projected features" },
    gDrop1: { value: 0.31, help: "dropout after the discriminator's first layer" },
    gDrop2: { value: 0.5, help: "dropout after its second layer" },
    keepModalGraphs: {
      value: false,
      help: "keep the modal graphs, which the authors' code empties in every epoch",
    },
  },
  presets: {
    baby: {
      model: {},
      training: { learningRate: 5.5e-4, weightDecay: 0.01, batchSize: 1024, epochs: 500 },
    },
    shop: {
      model: {},
      training: { learningRate: 0.01, weightDecay: 0, batchSize: 512, epochs: 200, patience: 5 },
    },
  },
  create: (gpu, dataset, settings) =>
    createMmssl(gpu, dataset, settings as unknown as MmsslSettings),
};
