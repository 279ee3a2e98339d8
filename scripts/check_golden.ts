/**
 * Replays a file of numbers that the authors' own code computed, and prints how far ours are.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { featuresOf } from "../src/data/features.ts";
import { createRanker } from "../src/evaluation/ranking.ts";
import { rankingMetrics } from "../src/evaluation/metrics.ts";
import { nearestItems } from "../src/features/nearest.ts";
import { whiten } from "../src/features/whitening.ts";
import { type Gpu, openGpu } from "../src/gpu/device.ts";
import { Scratch } from "../src/gpu/scratch.ts";
import { createTensor, readFloats, type Tensor } from "../src/gpu/tensor.ts";
import { InputError } from "../src/input_error.ts";
import type { Model } from "../src/models/model.ts";
import { buildStair, meanOfItems, mixModalities, type StairSettings } from "../src/models/stair.ts";
import { bprLoss, createTripleTensors, type EpochShape } from "../src/ops/bpr_loss.ts";
import { backwardRatios, forwardRatios, layerWeights } from "../src/ops/layer_weights.ts";
import { Tape, type Variable } from "../src/ops/tape.ts";
import { readInput, rejectUnknown, runScript } from "../src/report/command_line.ts";
import { formatTable } from "../src/report/table.ts";
import { patternOf, type SparsePattern } from "../src/sparse/csr.ts";
import { interactionGraph, similarityGraph, toDense } from "../src/sparse/graphs.ts";
import { type EpochBatches, gatherBatches, uploadEpoch } from "../src/training/sampler.ts";
import { createTrainingStep } from "../src/training/training_step.ts";

/** The largest absolute error that passes. */
const TOLERANCE = 1e-4;

const HELP = `Replays a golden file and prints, for each quantity in it, the largest absolute error.
Exits with 1 when one is above ${TOLERANCE}.

usage: deno run -A scripts/check_golden.ts FILE.json

example: deno run -A scripts/check_golden.ts ../shared/golden/stair_small.json`;

type Matrix = readonly (readonly number[])[];

/** A file of the layout of stair_small.json, of any sizes; ids are 0-based, users come first. */
export interface Golden {
  /** Sizes and settings; `neighbors` are k per modality, in the order of `features`. */
  readonly config: {
    readonly users: number;
    readonly items: number;
    readonly dim: number;
    readonly layers: number;
    readonly gamma: number;
    readonly lr: number;
    readonly weightDecay: number;
    readonly beta1: number;
    readonly beta2: number;
    readonly epsilon: number;
    readonly neighbors: readonly number[];
  };
  /** (user, item) pairs. */
  readonly train: readonly (readonly [number, number])[];
  /** Per modality, items × width. */
  readonly features: readonly Matrix[];
  /** Per modality, items × k. */
  readonly neighborLists: readonly Matrix[];
  /** Ã, (users + items)². */
  readonly adjacencyDense: Matrix;
  /** S̃, items². */
  readonly similarityDense: Matrix;
  /** β, per column. */
  readonly beta: readonly number[];
  /** β'. */
  readonly betaBackward: readonly number[];
  /** α, columns × (layers + 1). */
  readonly alpha: Matrix;
  /** Per modality, items × dim. */
  readonly whitened: readonly Matrix[];
  /** Initial embeddings. */
  readonly initUser: Matrix;
  /** Likewise of items. */
  readonly initItem: Matrix;
  /** H before training. */
  readonly forwardAtInit: Matrix;
  /** Batches in the order trained, each with its mean loss. */
  readonly steps: readonly {
    readonly user: readonly number[];
    readonly positive: readonly number[];
    readonly negative: readonly number[];
    readonly loss: number;
  }[];
  /** Gradients of the first batch, and embeddings after it. */
  readonly afterStep1: Readonly<Record<"gradUser" | "gradItem" | "user" | "item", Matrix>>;
  /** Embeddings and H in the end. */
  readonly afterLastStep: Readonly<Record<"user" | "item" | "forward", Matrix>>;
  /** Targets per user and the metrics of the final H ("R@10", "N@10"), train items hidden. */
  readonly ranking: {
    readonly targets: Matrix;
    readonly metrics: Readonly<Record<string, number>>;
  };
}

/** Computes every quantity of a golden file and returns its largest absolute error, by name. */
export async function checkGolden(gpu: Gpu, golden: Golden): Promise<Map<string, number>> {
  const errors = new Map<string, number>();
  const compare = (name: string, ours: ArrayLike<number>, theirs: Matrix | readonly number[]) =>
    errors.set(name, largestError(name, ours, theirs));

  const { users, items, dim, layers, gamma, neighbors } = golden.config;
  const train = patternOf(users, items, golden.train);
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

  const settings: StairSettings = { dim, layers, gamma, neighbors: {} };
  const inputs = { users: initUser, items: initItem, neighbours };
  using model = buildStair(gpu, train, settings, inputs);
  const [userRows, itemRows] = [0, users].map((from) => from * dim) as [number, number];
  const half = (matrix: Float32Array) =>
    [matrix.subarray(userRows, itemRows), matrix.subarray(itemRows)] as const;
  compare("forwardAtInit", await represent(gpu, model), golden.forwardAtInit);

  const [gradUser, gradItem] = half(await gradient(gpu, model, golden));
  compare("afterStep1.gradUser", gradUser, golden.afterStep1.gradUser);
  compare("afterStep1.gradItem", gradItem, golden.afterStep1.gradItem);
  await trainSteps(gpu, model, golden, async (step, loss) => {
    compare(`steps[${step}].loss`, [loss], [golden.steps[step]!.loss]);
    const last = step === golden.steps.length - 1;
    const [user, item] = half((await readFloats(gpu, model.embeddings))[0]!);
    if (step === 0) {
      compare("afterStep1.user", user, golden.afterStep1.user);
      compare("afterStep1.item", item, golden.afterStep1.item);
    }
    if (last) {
      compare("afterLastStep.user", user, golden.afterLastStep.user);
      compare("afterLastStep.item", item, golden.afterLastStep.item);
      compare("afterLastStep.forward", await represent(gpu, model), golden.afterLastStep.forward);
    }
  });
  const metrics = await rankingErrors(gpu, model, train, golden);
  for (const [name, error] of metrics) errors.set(name, error);
  return errors;
}

async function represent(gpu: Gpu, model: Model): Promise<Float32Array> {
  using scratch = new Scratch(gpu);
  const tape = new Tape(gpu, "forward", scratch);
  const { value } = model.represent(tape, { value: model.embeddings });
  using program = tape.program;
  program.run();
  return (await readFloats(gpu, value))[0]!;
}

/** Uploads a golden step as an epoch of one batch. */
function batchOf({ config, steps }: Golden, step: number): [EpochShape, EpochBatches] {
  const { user, positive, negative } = steps[step]!;
  const { users, items } = config;
  const shape = { rows: users + items, triples: user.length, batchSize: user.length };
  const itemRow = (item: number) => users + item;
  const triples = {
    user: Uint32Array.from(user),
    positive: Uint32Array.from(positive, itemRow),
    negative: Uint32Array.from(negative, itemRow),
  };
  return [shape, gatherBatches(triples, shape)];
}

/** dLoss/dE of the first batch. */
async function gradient(gpu: Gpu, model: Model, golden: Golden): Promise<Float32Array> {
  const [shape, epoch] = batchOf(golden, 0);
  using scratch = new Scratch(gpu);
  using batches = createTripleTensors(gpu, shape);
  using zero = createTensor(gpu, "loss gradient", model.embeddings.shape);
  uploadEpoch(gpu, batches, epoch);
  const tape = new Tape(gpu, "gradient", scratch);
  const embeddings: Variable = { value: model.embeddings };
  bprLoss(tape, model.represent(tape, embeddings), batches, zero);
  tape.backward();
  using program = tape.program;
  program.run();
  return (await readFloats(gpu, embeddings.gradient as Tensor))[0]!;
}

/** Trains on the golden batches; `visit` gets each one's mean loss. */
async function trainSteps(
  gpu: Gpu,
  model: Model,
  golden: Golden,
  visit: (step: number, loss: number) => Promise<void>,
): Promise<void> {
  const { lr: learningRate, weightDecay, beta1, beta2, epsilon } = golden.config;
  const settings = { learningRate, weightDecay, beta1, beta2, epsilon };
  using scratch = new Scratch(gpu);
  using resources = new DisposableStack();
  const sizes = new Set(golden.steps.map(({ user }) => user.length));
  if (sizes.size !== 1) throw new InputError("The golden steps differ in batch size.");
  const step = resources.use(
    createTrainingStep(gpu, model, batchOf(golden, 0)[0], settings, scratch),
  );
  for (let i = 0; i < golden.steps.length; i++) {
    const [shape, epoch] = batchOf(golden, i);
    step.load(epoch, i);
    step.program.run();
    const [loss] = await readFloats(gpu, step.batches.loss);
    await visit(i, loss![0]! / shape.triples);
  }
}

async function rankingErrors(
  gpu: Gpu,
  model: Model,
  train: SparsePattern,
  { config: { users, items }, ranking }: Golden,
): Promise<[string, number][]> {
  const names = Object.keys(ranking.metrics);
  const cutoffs = [...new Set(names.map((name) => Number(name.split("@")[1])))];
  const pairs = ranking.targets.flatMap((row, user) => row.map((item) => [user, item] as const));
  using ranker = createRanker(gpu, model, train, Math.max(...cutoffs));
  const ranked = await ranker.rank();
  const targets = patternOf(users, items, pairs);
  const ours = rankingMetrics(ranked.items, ranked.k, targets, cutoffs);
  return names.map((name) => {
    const [metric, cutoff] = name.split("@");
    const key = `${metric === "R" ? "recall" : "ndcg"}@${cutoff}`;
    return [`ranking ${name}`, Math.abs(ours[key]! - ranking.metrics[name]!)];
  });
}

function largestError(
  name: string,
  ours: ArrayLike<number>,
  theirs: Matrix | readonly number[],
): number {
  const flat = theirs.flat() as readonly number[];
  if (flat.length !== ours.length) {
    throw new InputError(
      `${name} has ${flat.length} numbers in the file, but ${ours.length} here.`,
    );
  }
  // NaN compares as no error with Math.max, so it is told apart.
  return flat.reduce((worst, value, i) => {
    const error = Math.abs(value - ours[i]!);
    return error <= worst ? worst : Number.isNaN(error) ? Infinity : error;
  }, 0);
}

function parseGolden(path: string, text: string): Golden {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`${path} is not JSON: ${(error as Error).message}.`);
  }
}

if (import.meta.main) {
  await runScript(async () => {
    const { _: files, help } = parseArgs(Deno.args, {
      boolean: ["help"],
      unknown: (argument: string) => argument.startsWith("-") ? rejectUnknown(argument) : true,
    });
    if (help) return console.log(HELP);
    if (files.length !== 1) throw new InputError("One golden file is needed; see --help.");
    const golden = parseGolden(String(files[0]), await readInput(String(files[0])));
    using gpu = await openGpu();
    const errors = await checkGolden(gpu, golden);
    const failed = [...errors].filter(([, error]) => !(error <= TOLERANCE));
    const rows = [...errors].map(([name, error]) => [name, error.toExponential(2)]);
    console.log(formatTable(["quantity", "largest error"], rows));
    console.log(
      failed.length === 0
        ? `\nall ${errors.size} quantities within ${TOLERANCE} on ${gpu.adapterName}`
        : `\n${failed.length} of ${errors.size} quantities are off by more than ${TOLERANCE}`,
    );
    return failed.length === 0 ? 0 : 1;
  });
}
