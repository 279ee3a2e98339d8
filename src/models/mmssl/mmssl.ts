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
 * The authors stop after 7 evaluations without a better one; the preset of `baby` names no patience, trains
 * all its epochs, and the best of those evaluated is kept.
 *
 * Modalities without features, such as lists of neighbours, are refused. D's first layer is
 * items × items / 4: 4 GB for Electronics' 63,001 items, and about 28 GB in all with its moments, its
 * gradient and copies.
 *
 * @module
 */
import type { Dataset } from "../../data/dataset.ts";
import type { GpuDevice } from "../../gpu/device.ts";
import { createTensor, type Tensor } from "../../gpu/tensor.ts";
import { InputError } from "../../input_error.ts";
import { uploadSparse } from "../../ops/graphs/packed_matrix.ts";
import { uploadSeen } from "../../ops/ranking/tiles.ts";
import { type SparseMatrix, transpose } from "../../sparse/csr.ts";
import { oneSidedGraph } from "../../sparse/one_sided_graph.ts";
import { defineModel } from "../define_model.ts";
import { type Draws, seededDraws } from "../draws.ts";
import { initialStream, linearDefaults, stackedTables, xavierUniform } from "../initial_values.ts";
import { constants, type ModelKind, type ModelParts } from "../model.ts";
import { allFeatured, type FeaturedModality } from "../projected_features.ts";
import { SHOP } from "../shared_presets.ts";
import { initialDiscriminator } from "./discriminator.ts";
import { generate, HEADS, type ModalData, type SparsePair } from "./generator.ts";
import { createModalGraph, LARGEST_BATCH } from "./modal_graph.ts";
import { type MmsslData, mmsslPhases, mmsslTerms } from "./phases.ts";
import { type MmsslSettings, settings } from "./settings.ts";

/** The fewest items for which the discriminator has a hidden column. */
const LEAST_ITEMS = 8;

/**
 * The authors give defaults alone, none by dataset; the collections that the other models' presets are of do
 * not have it.
 */
export const mmssl: ModelKind<MmsslSettings> = defineModel({
  name: "mmssl",
  title: "MMSSL (Wei et al., WWW 2023)",
  settings,
  presets: {
    baby: {
      model: {},
      training: { learningRate: 5.5e-4, weightDecay: 0.01, batchSize: 1024, epochs: 500 },
      source: "the authors' defaults",
    },
    shop: SHOP,
  },
  create,
});

/** Uploads all that MMSSL consists of. */
async function create(
  gpu: GpuDevice,
  dataset: Dataset,
  settings: MmsslSettings,
): Promise<ModelParts> {
  using guard = new DisposableStack();
  const data = guard.use(await prepareMmssl(gpu, dataset, settings));
  const parts = guard.use(buildMmssl(gpu, data, seededDraws(settings.seed)));
  const resources = guard.move();
  return { ...parts, [Symbol.dispose]: () => resources.dispose() };
}

/**
 * Uploads random parameters: embeddings, projections and attention Xavier uniform, the discriminator Kaiming
 * normal.
 *
 * @param data What it is computed over; not owned.
 * @param draws Where masks and noise come from.
 * @throws {GpuError} when the discriminator, items × items / 4, exceeds what the adapter can hold.
 */
export function buildMmssl(gpu: GpuDevice, data: MmsslData, draws: Draws): ModelParts {
  using guard = new DisposableStack();
  const generator = upload(gpu, guard, initialGenerator(data));
  const discriminator = upload(
    gpu,
    guard,
    initialDiscriminator(data.settings.seed, data.itemCount),
  );
  const terms = mmsslTerms(data.modalities.map(({ name }) => name), data.settings);
  const resources = guard.move();
  return {
    parameters: { ...generator, ...discriminator },
    buffers: graphBuffers(data.modalities),
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
function upload(gpu: GpuDevice, guard: DisposableStack, initial: Initial): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(initial).map(([name, [shape, data]]) =>
      [name, guard.use(createTensor(gpu, name, shape, data))] as const
    ),
  );
}

function initialGenerator({ userCount, itemCount, modalities, settings }: MmsslData): Initial {
  const { dim, seed } = settings;
  const draw = (name: string, rows: number, columns: number): Floats =>
    xavierUniform(initialStream(seed, name), rows, columns);
  const initial: Record<string, Initial[string]> = {
    embeddings: [
      [userCount + itemCount, dim],
      stackedTables(xavierUniform, seed, { userCount, itemCount }, dim),
    ],
    attention: [[HEADS * dim, dim], draw("attention", HEADS * dim, dim)],
  };
  for (const { name, features } of modalities) {
    const width = features.shape[1]!;
    const { bias } = linearDefaults(seed, name, dim, width);
    initial[`${name}.weight`] = [[dim, width], draw(`${name}.weight`, dim, width)];
    initial[`${name}.bias`] = [[dim], bias];
  }
  return initial;
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
  gpu: GpuDevice,
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

/**
 * Uploads what MMSSL is computed over.
 *
 * @throws {InputError} when a modality has no features, or there are too few items.
 */
export async function prepareMmssl(
  gpu: GpuDevice,
  dataset: Dataset,
  settings: MmsslSettings,
): Promise<MmsslData & Disposable> {
  const { userCount, itemCount, train } = dataset;
  const modalities = requireFeatures(dataset);
  const interactions = { ...train, value: new Float32Array(train.column.length).fill(1) };
  using guard = new DisposableStack();
  const itemsOfUsers = uploadPair(gpu, guard, "items of users", interactions);
  const usersOfItems = uploadPair(gpu, guard, "users of items", transpose(interactions));
  const uploaded = await uploadModalities(gpu, guard, modalities, interactions, settings);
  const seen = guard.use(uploadSeen(gpu, train));
  const resources = guard.move();
  return {
    userCount,
    itemCount,
    itemsOfUsers,
    usersOfItems,
    seen,
    modalities: uploaded,
    settings,
    [Symbol.dispose]: () => resources.dispose(),
  };
}

/** Features, and graphs that are the interactions' at first. */
async function uploadModalities(
  gpu: GpuDevice,
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
