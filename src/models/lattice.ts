/**
 * LATTICE: Mining Latent Structures for Multimedia Recommendation (Zhang, Zhu, Liu, Wu, Wang & Wang, ACM
 * MM 2021).
 *
 * Users and items: E is propagated over the walk graph G = D^−1 (A + I), U and I the users' and items'
 * rows of the mean of E, GE, …, G^L E. Items among themselves: from each modality's features f come
 * vectors x = (W f + b) / ‖W f + b‖, and from these the matrix C of the k largest cosines of every item,
 * its own among them. With a = softmax of one weight per modality and N(S) = D^−½ S D^−½, D the row sums
 * of S,
 *
 *     S = (1 − λ) N(Σ_m a_m C_m) + λ Σ_m a_m N(F_m),
 *
 * F_m the same as C_m from the raw features. An item is its row of I plus the direction of its row of
 * H = S^n Q, Q the items' rows of E. The loss is −mean log σ(⟨h_u, h_p⟩ − ⟨h_u, h_n⟩) plus half the squares
 * of the rows of the batch divided by the batch size, weighted.
 *
 * As in the authors' code (as MMRec has it, enoche/MMRec@e775373): G is not symmetric; D is the row sums
 * on both sides although S is not symmetric either; the learned graphs are mixed before they are
 * normalised; the feature tables are trained; S is made anew, and the loss differentiated through it, in
 * the first batch of an epoch alone, so that in later ones only E has a gradient, while the momentum of
 * the others goes on; for ranking it is made anew; the penalty is divided by the batch size also in a
 * batch that is shorter; and the learning rate falls by the factor 0.96 in 50 epochs. Rows whose sum is
 * not above 0 are left out of N, where the authors get numbers that are not finite.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { PreparationOptions } from "../features/preparation.ts";
import { similarItems } from "../features/cosine_graph.ts";
import type { GpuDevice } from "../gpu/device.ts";
import { createTensors, type Tensor } from "../gpu/tensor.ts";
import { bprLoss } from "../ops/losses/bpr_loss.ts";
import type { Batch } from "../tape/batch.ts";
import { add, sliceRows, stackRows } from "../ops/rows/combine.ts";
import { gatherBatch } from "../ops/rows/gather_batch.ts";
import { lossTerms } from "../tape/loss_term.ts";
import { neighbourCosines } from "../ops/learned_graph/neighbour_cosines.ts";
import {
  createNeighbourGraph,
  findNeighbours,
  type NeighbourGraph,
  transposeGraph,
  transposeValues,
  type WeightedNeighbours,
} from "../ops/learned_graph/neighbour_graph.ts";
import { neighbourProduct } from "../ops/learned_graph/neighbour_product.ts";
import { neighbourWeights } from "../ops/learned_graph/neighbour_weights.ts";
import { normaliseRows } from "../ops/rows/normalise_rows.ts";
import { normPenalty } from "../ops/losses/norm_penalty.ts";
import { softmaxRows } from "../ops/rows/softmax_rows.ts";
import { type PackedMatrix, uploadSparse } from "../ops/graphs/packed_matrix.ts";
import { sparseProduct } from "../ops/graphs/sparse_product.ts";
import type { Tape, Variable } from "../tape/tape.ts";
import { LONGEST_LIST } from "../ops/ranking/top_k.ts";
import { transpose } from "../sparse/csr.ts";
import { walkGraph } from "../sparse/walk_graph.ts";
import { defineModel } from "./define_model.ts";
import { linearDefaults, stackedTables, xavierUniform } from "./initial_values.ts";
import { constants, type ModelKind, type ModelParts, type Phase, type Variables } from "./model.ts";
import { allFeatured, projectAll, uploadProjections } from "./projected_features.ts";
import { EMBEDDING_WIDTH, type SettingsOf } from "./settings.ts";
import { RECBOARD, SHOP } from "./shared_presets.ts";

const settings = {
  dim: EMBEDDING_WIDTH,
  layers: {
    default: 2,
    from: 0,
    whole: true,
    help: "layers of convolution over users and items (L)",
  },
  itemLayers: { default: 1, from: 0, whole: true, help: "layers over the item graph (n)" },
  knn: {
    default: 10,
    from: 2,
    to: LONGEST_LIST,
    whole: true,
    help: "neighbours of an item in each modality, itself included (k)",
  },
  lambda: { default: 0.9, from: 0, to: 1, help: "share of the graphs of raw features (λ)" },
  regWeight: {
    default: 1e-5,
    from: 0,
    help: "weight of the penalty on the squares of the batch's rows",
  },
} as const;

/** All settings of LATTICE. */
export type LatticeSettings = SettingsOf<typeof settings>;

/**
 * The presets are those of RecBoard (MTandHJ/RecBoard@085110b), the STAIR authors' own collection, which has
 * coupled weight decay in the place of the penalty.
 */
export const lattice: ModelKind<SettingsOf<typeof settings>> = defineModel({
  name: "lattice",
  title: "LATTICE (Zhang et al., ACM MM 2021)",
  settings,
  presets: {
    baby: {
      model: { layers: 2, itemLayers: 1, regWeight: 0 },
      training: { learningRate: 1e-3, weightDecay: 0, l2: 1e-6, batchSize: 2048, epochs: 500 },
      source: RECBOARD,
    },
    sports: {
      model: { layers: 3, itemLayers: 3, regWeight: 0 },
      training: { learningRate: 1e-3, weightDecay: 0, l2: 1e-7, batchSize: 2048, epochs: 500 },
      source: RECBOARD,
    },
    shop: SHOP,
  },
  create,
});

/**
 * Uploads random embeddings (Xavier uniform) and projections, equal weights of modalities, and the features
 * themselves.
 */
async function create(
  gpu: GpuDevice,
  dataset: Dataset,
  settings: LatticeSettings,
  options: PreparationOptions,
): Promise<ModelParts> {
  const { dim, seed } = settings;
  const { userCount, itemCount } = dataset;
  const modalities = allFeatured(dataset, "LATTICE");
  using guard = new DisposableStack();
  const initial = stackedTables(xavierUniform, seed, dataset, dim);
  const weights = new Float32Array(modalities.length).fill(1 / modalities.length);
  const { embeddings, modal_weight } = guard.use(createTensors(gpu, {
    embeddings: ["embeddings", [userCount + itemCount, dim], initial],
    modal_weight: ["modal_weight", [1, modalities.length], weights],
  }));
  const draw = (name: string, outputs: number, inputs: number) =>
    linearDefaults(seed, name, outputs, inputs);
  const graphs = guard.use(await prepareLattice(gpu, dataset, settings, options));
  const projections = guard.use(await uploadProjections(gpu, modalities, dim, draw));
  const parameters = { embeddings, modal_weight, ...projections.parameters };
  const terms = lossTerms({ bpr: 1, squares: settings.regWeight });
  const resources = guard.move();
  return {
    parameters,
    lossTerms: terms,
    phases: phasesOf(gpu, graphs, terms),
    represent: (tape) => representAnew(tape, graphs, parameters),
    learningRateFactor: (epoch) => 0.96 ** ((epoch - 1) / 50),
    [Symbol.dispose]: () => resources.dispose(),
  };
}

/** What LATTICE computes over, beside its parameters. */
export interface LatticeGraphs extends Disposable {
  readonly userCount: number;
  readonly itemCount: number;
  /** The walk graph G. */
  readonly walk: PackedMatrix;
  /** Its transpose. */
  readonly walkBack: PackedMatrix;
  /** S, as it was last built, for an epoch or for ranking. */
  readonly items: NeighbourGraph;
  /** Names of the modalities, in the order of the graph's lists. */
  readonly modalities: readonly string[];
  readonly settings: LatticeSettings;
}

/** Computes the graphs of raw features, and uploads all. */
export async function prepareLattice(
  gpu: GpuDevice,
  dataset: Dataset,
  settings: LatticeSettings,
  options: PreparationOptions = {},
): Promise<LatticeGraphs> {
  const { userCount, itemCount, train } = dataset;
  const { knn } = settings;
  const modalities = allFeatured(dataset, "LATTICE");
  const fixed: WeightedNeighbours[] = [];
  for (const { features } of modalities) {
    const values = await features.read(0, itemCount);
    fixed.push(await similarItems(gpu, features, values, knn, options));
  }
  const graph = walkGraph(train);
  using guard = new DisposableStack();
  const walk = guard.use(uploadSparse(gpu, "walk graph", graph));
  const walkBack = guard.use(uploadSparse(gpu, "walk graph transposed", transpose(graph)));
  const items = guard.use(createNeighbourGraph(gpu, itemCount, knn, fixed));
  const resources = guard.move();
  return {
    userCount,
    itemCount,
    walk,
    walkBack,
    items,
    modalities: modalities.map(({ name }) => name),
    settings,
    [Symbol.dispose]: () => resources.dispose(),
  };
}

/**
 * The phases: find the item graph's neighbours; in an epoch's first batch, a step that learns the graph;
 * then steps that leave it as it is.
 */
function phasesOf(
  gpu: GpuDevice,
  graphs: LatticeGraphs,
  terms: ReturnType<typeof lossTerms<"bpr" | "squares">>,
): Phase[] {
  const first = (batch: number): boolean => batch === 0;
  const recordLoss = (tape: Tape, h: Variable, batch: Batch): void => {
    bprLoss(tape, h, batch, terms.bpr);
    const lists = ["user", "positive", "negative"] as const;
    const places = { firstRow: 0, userCount: graphs.userCount };
    const rows = gatherBatch(tape, h, batch, lists, places);
    const { batchSize } = batch.shape;
    const all = [{ firstRow: 0, rowCount: rows.value.shape[0]! }];
    normPenalty(tape, rows, all, batch, terms.squares, { squared: true, divisor: batchSize });
  };
  return [{
    name: "neighbours of items",
    trains: [],
    appliesTo: first,
    record: (tape, parameters) =>
      findAllNeighbours(tape, graphs, itemVectors(tape, graphs, parameters)),
    after: { appliesTo: first, run: () => transposeGraph(gpu, graphs.items) },
  }, {
    name: "training step with a new item graph",
    appliesTo: first,
    record: (tape, parameters, batch) => {
      const vectors = itemVectors(tape, graphs, parameters);
      const values = itemWeights(tape, graphs, parameters, vectors);
      transposeValues(tape, graphs.items);
      recordLoss(tape, representations(tape, graphs, parameters.embeddings!, values), batch);
    },
  }, {
    name: "training step",
    appliesTo: (batch) => !first(batch),
    record: (tape, { embeddings }, batch) => {
      const values = { value: graphs.items.matrix.value, constant: true };
      recordLoss(tape, representations(tape, graphs, embeddings!, values), batch);
    },
  }];
}

/** Records H for ranking, with an item graph rebuilt from the current parameters. */
export function representAnew(
  tape: Tape,
  graphs: LatticeGraphs,
  parameters: Readonly<Record<string, Tensor>>,
): Tensor {
  const fixed = constants(parameters);
  const vectors = itemVectors(tape, graphs, fixed);
  findAllNeighbours(tape, graphs, vectors);
  const values = itemWeights(tape, graphs, fixed, vectors);
  return representations(tape, graphs, fixed.embeddings!, values).value;
}

/** Records the normalised projections x of each modality, items × dim. */
function itemVectors(tape: Tape, { modalities }: LatticeGraphs, parameters: Variables): Variable[] {
  return modalities.map((name) => normaliseRows(tape, projectAll(tape, parameters, name)));
}

function findAllNeighbours(
  tape: Tape,
  { items }: LatticeGraphs,
  vectors: readonly Variable[],
): void {
  vectors.forEach(({ value }, modality) => findNeighbours(tape, items, modality, value));
}

/** Records the entries of S. */
function itemWeights(
  tape: Tape,
  { items, settings: { lambda } }: LatticeGraphs,
  { modal_weight }: Variables,
  vectors: readonly Variable[],
): Variable {
  const cosines = neighbourCosines(tape, items, vectors);
  return neighbourWeights(tape, items, cosines, softmaxRows(tape, modal_weight!), lambda);
}

/** Records the representations that rank, (users + items) × dim. */
function representations(
  tape: Tape,
  { userCount, itemCount, walk, walkBack, items, settings: { layers, itemLayers } }: LatticeGraphs,
  embeddings: Variable,
  values: Variable,
): Variable {
  let mean = embeddings;
  // As E + G (E + G E), divided by the number of terms at the end.
  for (let layer = 1; layer <= layers; layer++) {
    const scale = layer < layers ? 1 : 1 / (layers + 1);
    mean = add(tape, embeddings, sparseProduct(tape, walk, walkBack, mean), scale, scale);
  }
  let alike = sliceRows(tape, embeddings, userCount, itemCount);
  for (let layer = 0; layer < itemLayers; layer++) {
    alike = neighbourProduct(tape, items, values, alike);
  }
  const users = sliceRows(tape, mean, 0, userCount);
  const own = sliceRows(tape, mean, userCount, itemCount);
  return stackRows(tape, [users, add(tape, own, normaliseRows(tape, alike), 1, 1)]);
}
