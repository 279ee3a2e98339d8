/**
 * Replays STAIR's golden file, quantity by quantity: graphs, initialisation, forward pass, losses,
 * gradients, trained embeddings, ranking.
 *
 * @module
 */
import { featuresOf } from "../../src/data/features.ts";
import { createRanker } from "../../src/evaluation/ranking.ts";
import { parseMetrics, rankingMetrics } from "../../src/evaluation/metrics.ts";
import { nearestItems } from "../../src/features/nearest.ts";
import { whiten } from "../../src/features/whitening.ts";
import type { GpuDevice } from "../../src/gpu/device.ts";
import { Scratch } from "../../src/gpu/scratch.ts";
import { readFloats } from "../../src/gpu/tensor.ts";
import type { BuiltModel } from "../../src/models/model.ts";
import {
  buildStair,
  meanOfItems,
  mixModalities,
  type StairInputs,
} from "../../src/models/stair.ts";
import { backwardRatios, forwardRatios, layerWeights } from "../../src/ops/graphs/layer_weights.ts";
import { patternOf, type SparsePattern } from "../../src/sparse/csr.ts";
import { interactionGraph, similarityGraph, toDense } from "../../src/sparse/graphs.ts";
import { createTrainingStep } from "../../src/training/training_step.ts";
import {
  batchOf,
  type Compare,
  largestError,
  lossAndGradients,
  represent,
  type Triple,
} from "./replay.ts";
import type { Golden, Matrix } from "./stair_file.ts";
import { madeModel } from "../models/made_model.ts";

/** Computes every quantity of a golden file and returns its largest absolute error, by name. */
export async function checkGolden(gpu: GpuDevice, golden: Golden): Promise<Map<string, number>> {
  const errors = new Map<string, number>();
  const compare: Compare = (name, ours, theirs) =>
    errors.set(name, largestError(name, ours, theirs));
  const { users, items, dim, layers, gamma } = golden.config;
  const train = patternOf(users, items, golden.train);
  const inputs = await compareInputs(gpu, golden, train, compare);
  const settings = { dim, layers, gamma, neighbors: {}, seed: 1 };
  const parts = buildStair(gpu, train, settings, inputs);
  using model = madeModel(gpu, { userCount: users, itemCount: items }, parts);
  compare("forwardAtInit", await represent(gpu, model), golden.forwardAtInit);
  await compareSteps(gpu, model, golden, compare);
  await compareRanking(model, train, golden, compare);
  return errors;
}

/** Compares all that precedes training, and returns what the model starts from. */
async function compareInputs(
  gpu: GpuDevice,
  golden: Golden,
  train: SparsePattern,
  compare: Compare,
): Promise<StairInputs> {
  const { items, dim, layers, gamma, neighbors } = golden.config;
  compare("adjacencyDense", toDense(interactionGraph(train)), golden.adjacencyDense);
  compare("beta", forwardRatios(dim, gamma), golden.beta);
  compare("betaBackward", backwardRatios(dim, gamma), golden.betaBackward);
  const alpha = [...forwardRatios(dim, gamma)].flatMap((beta) => [...layerWeights(beta, layers)]);
  compare("alpha", alpha, golden.alpha);

  const features = golden.features.map((rows, m) =>
    featuresOf(Float32Array.from(rows.flat()), rows[0]!.length, `features[${m}]`)
  );
  const neighbours = await Promise.all(features.map((f, m) => nearestItems(gpu, f, neighbors[m]!)));
  neighbours.forEach(({ ids }, m) => compare(`neighborLists[${m}]`, ids, golden.neighborLists[m]!));
  compare("similarityDense", toDense(similarityGraph(neighbours, items)), golden.similarityDense);
  const whitened = await Promise.all(features.map((f) => whiten(gpu, f, dim)));
  whitened.forEach((matrix, m) => compare(`whitened[${m}]`, matrix, golden.whitened[m]!));
  const initItem = mixModalities(whitened, neighbors);
  const initUser = meanOfItems(train, initItem, dim);
  compare("initUser", initUser, golden.initUser);
  compare("initItem", initItem, golden.initItem);
  return { users: initUser, items: initItem, neighbours };
}

/** Compares the first gradient, then trains: every loss, and embeddings after the first and last step. */
async function compareSteps(
  gpu: GpuDevice,
  model: BuiltModel,
  golden: Golden,
  compare: Compare,
): Promise<void> {
  const { config: { users, dim }, steps, afterStep1, afterLastStep } = golden;
  const compareHalves = <Key extends string>(
    name: string,
    ours: Float32Array,
    theirs: Readonly<Record<Key, Matrix>>,
    [user, item]: [Key, Key],
  ): void => {
    compare(`${name}.${user}`, ours.subarray(0, users * dim), theirs[user]);
    compare(`${name}.${item}`, ours.subarray(users * dim), theirs[item]);
  };
  const { gradients } = await lossAndGradients(gpu, model, triplesOf(golden, 0));
  compareHalves("afterStep1", gradients.embeddings!, afterStep1, ["gradUser", "gradItem"]);
  await trainSteps(gpu, model, golden, async (step, loss) => {
    compare(`steps[${step}].loss`, [loss], [steps[step]!.loss]);
    const [embeddings] = await readFloats(gpu, model.parameters.embeddings!);
    if (step === 0) compareHalves("afterStep1", embeddings!, afterStep1, ["user", "item"]);
    if (step < steps.length - 1) return;
    compareHalves("afterLastStep", embeddings!, afterLastStep, ["user", "item"]);
    compare("afterLastStep.forward", await represent(gpu, model), afterLastStep.forward);
  });
}

/** A golden step's triples. */
function triplesOf({ steps }: Golden, step: number): Triple[] {
  const { user, positive, negative } = steps[step]!;
  return user.map((u, t) => [u, positive[t]!, negative[t]!]);
}

/** Trains on the golden batches; `visit` gets each one's mean loss. */
async function trainSteps(
  gpu: GpuDevice,
  model: BuiltModel,
  golden: Golden,
  visit: (step: number, loss: number) => Promise<void>,
): Promise<void> {
  const { lr: learningRate, weightDecay, beta1, beta2, epsilon } = golden.config;
  const settings = { learningRate, weightDecay, beta1, beta2, epsilon };
  using scratch = new Scratch(gpu);
  using resources = new DisposableStack();
  const step = resources.use(
    createTrainingStep(model, batchOf(model, triplesOf(golden, 0))[0], settings, scratch),
  );
  for (let i = 0; i < golden.steps.length; i++) {
    step.load(batchOf(model, triplesOf(golden, i))[1], { epoch: 1, stepsBefore: i, firstBatch: 0 });
    await step.run();
    const [terms] = await readFloats(gpu, step.batch.terms);
    await visit(i, terms![0]!);
  }
}

/** Compares the metrics of the full ranking. */
async function compareRanking(
  model: BuiltModel,
  train: SparsePattern,
  { config: { users, items }, ranking }: Golden,
  compare: Compare,
): Promise<void> {
  // The file's "R@20" and "N@20".
  const names = Object.keys(ranking.metrics);
  const metrics = parseMetrics(
    names.map((name) => name.replace(/^R@/, "recall@").replace(/^N@/, "ndcg@")),
  );
  const pairs = ranking.targets.flatMap((row, user) => row.map((item) => [user, item] as const));
  using ranker = createRanker(model, train, Math.max(...metrics.map(({ k }) => k)));
  const truth = { targets: patternOf(users, items, pairs), train };
  const ours = rankingMetrics(await ranker.rank(), truth, metrics);
  names.forEach((name, i) =>
    compare(`ranking ${name}`, [ours[metrics[i]!.name]!], [ranking.metrics[name]!])
  );
}
