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
import { buildStair, meanOfItems, mixModalities, type StairInputs } from "../src/models/stair.ts";
import { bprLoss, createTripleTensors, type EpochShape } from "../src/ops/bpr_loss.ts";
import { backwardRatios, forwardRatios, layerWeights } from "../src/ops/layer_weights.ts";
import { Tape, type Variable } from "../src/ops/tape.ts";
import { readInput, rejectUnknown, runScript } from "../src/report/command_line.ts";
import { formatTable } from "../src/report/table.ts";
import { patternOf, type SparsePattern } from "../src/sparse/csr.ts";
import { interactionGraph, similarityGraph, toDense } from "../src/sparse/graphs.ts";
import { type EpochBatches, gatherBatches, uploadEpoch } from "../src/training/sampler.ts";
import { parseObject } from "../src/training/checkpoint.ts";
import { createTrainingStep } from "../src/training/training_step.ts";

/** The largest absolute error that passes. */
const TOLERANCE = 1e-4;

const HELP = `Replays a golden file and prints, for each quantity in it, the largest absolute error.
Exits with 1 when one is above ${TOLERANCE}.

usage: deno task golden FILE.json
   or: deno run -A scripts/check_golden.ts FILE.json

example: deno task golden ../shared/golden/stair_small.json`;

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

/** Notes the largest absolute error of a quantity. */
type Compare = (name: string, ours: ArrayLike<number>, theirs: Matrix | readonly number[]) => void;

/** Computes every quantity of a golden file and returns its largest absolute error, by name. */
export async function checkGolden(gpu: Gpu, golden: Golden): Promise<Map<string, number>> {
  const errors = new Map<string, number>();
  const compare: Compare = (name, ours, theirs) =>
    errors.set(name, largestError(name, ours, theirs));
  const { users, items, dim, layers, gamma } = golden.config;
  const train = patternOf(users, items, golden.train);
  const inputs = await compareInputs(gpu, golden, train, compare);
  using model = buildStair(gpu, train, { dim, layers, gamma, neighbors: {} }, inputs);
  compare("forwardAtInit", await represent(gpu, model), golden.forwardAtInit);
  await compareSteps(gpu, model, golden, compare);
  await compareRanking(gpu, model, train, golden, compare);
  return errors;
}

/** Compares all that precedes training, and returns what the model starts from. */
async function compareInputs(
  gpu: Gpu,
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
  gpu: Gpu,
  model: Model,
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
  const first = await gradient(gpu, model, golden);
  compareHalves("afterStep1", first, afterStep1, ["gradUser", "gradItem"]);
  await trainSteps(gpu, model, golden, async (step, loss) => {
    compare(`steps[${step}].loss`, [loss], [steps[step]!.loss]);
    const [embeddings] = await readFloats(gpu, model.embeddings);
    if (step === 0) compareHalves("afterStep1", embeddings!, afterStep1, ["user", "item"]);
    if (step < steps.length - 1) return;
    compareHalves("afterLastStep", embeddings!, afterLastStep, ["user", "item"]);
    compare("afterLastStep.forward", await represent(gpu, model), afterLastStep.forward);
  });
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

/** Compares the metrics of the full ranking. */
async function compareRanking(
  gpu: Gpu,
  model: Model,
  train: SparsePattern,
  { config: { users, items }, ranking }: Golden,
  compare: Compare,
): Promise<void> {
  const names = Object.keys(ranking.metrics);
  const cutoffs = [...new Set(names.map((name) => Number(name.split("@")[1])))];
  const pairs = ranking.targets.flatMap((row, user) => row.map((item) => [user, item] as const));
  using ranker = createRanker(gpu, model, train, Math.max(...cutoffs));
  const ranked = await ranker.rank();
  const ours = rankingMetrics(ranked.items, ranked.k, patternOf(users, items, pairs), cutoffs);
  for (const name of names) {
    const [metric, cutoff] = name.split("@");
    const key = `${metric === "R" ? "recall" : "ndcg"}@${cutoff}`;
    compare(`ranking ${name}`, [ours[key]!], [ranking.metrics[name]!]);
  }
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

/** What a key holds: numbers nested so deep, a list of objects, or an object with these keys. */
type Layout = number | readonly [Layout] | { readonly [key: string]: Layout };

const LAYOUT: Layout = {
  config: {
    users: 0,
    items: 0,
    dim: 0,
    layers: 0,
    gamma: 0,
    lr: 0,
    weightDecay: 0,
    beta1: 0,
    beta2: 0,
    epsilon: 0,
    neighbors: 1,
  },
  train: 2,
  features: 3,
  neighborLists: 3,
  adjacencyDense: 2,
  similarityDense: 2,
  beta: 1,
  betaBackward: 1,
  alpha: 2,
  whitened: 3,
  initUser: 2,
  initItem: 2,
  forwardAtInit: 2,
  steps: [{ user: 1, positive: 1, negative: 1, loss: 0 }],
  afterStep1: { gradUser: 2, gradItem: 2, user: 2, item: 2 },
  afterLastStep: { user: 2, item: 2, forward: 2 },
  ranking: { targets: 2, metrics: {} },
};

function requireLayout(path: string, key: string, value: unknown, layout: Layout): void {
  const place = key === "" ? path : `${path}: "${key}"`;
  if (value === undefined) throw new InputError(`${place} is missing.`);
  if (typeof layout === "number") {
    if (hasDepth(value, layout)) return;
    const nesting = [
      "a number",
      "a list of numbers",
      "lists of numbers",
      "lists of lists of numbers",
    ];
    throw new InputError(`${place} must be ${nesting[layout]}.`);
  }
  if (isList(layout)) {
    if (!Array.isArray(value) || value.length === 0) {
      throw new InputError(`${place} must be a list that is not empty.`);
    }
    return value.forEach((each, i) => requireLayout(path, `${key}[${i}]`, each, layout[0]));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InputError(`${place} must be an object.`);
  }
  for (const [name, inner] of Object.entries(layout)) {
    const each = (value as Record<string, unknown>)[name];
    requireLayout(path, key === "" ? name : `${key}.${name}`, each, inner);
  }
}

function isList(layout: Layout): layout is readonly [Layout] {
  return Array.isArray(layout);
}

function hasDepth(value: unknown, depth: number): boolean {
  if (depth === 0) return typeof value === "number";
  return Array.isArray(value) && value.every((each) => hasDepth(each, depth - 1));
}

/** Checks what {@linkcode checkGolden} indexes with; other sizes are compared as it goes. */
function requireSizes(path: string, golden: Golden): void {
  const { config, train, features, neighborLists, whitened, steps, ranking } = golden;
  const { users, items, dim, layers, neighbors } = config;
  const below = (count: number) => (id: number | undefined): boolean =>
    id !== undefined && Number.isInteger(id) && id >= 0 && id < count;
  const isUser = below(users), isItem = below(items);
  const [batch] = steps.map(({ user }) => user.length);
  const rules: [boolean, string][] = [
    [
      [users, items, dim].every((size) => Number.isInteger(size) && size > 0) && layers >= 0,
      `"config" must hold whole sizes`,
    ],
    [
      [neighborLists, whitened, neighbors].every(({ length }) => length === features.length),
      `"features", "neighborLists", "whitened" and "config.neighbors" must have as many modalities`,
    ],
    [
      features.every((rows) =>
        rows.length === items && rows.every((row) => row.length === rows[0]!.length)
      ),
      `"features" must have ${items} rows of one width per modality`,
    ],
    [
      train.every((pair) => pair.length === 2 && isUser(pair[0]) && isItem(pair[1])),
      `"train" must hold pairs of a user below ${users} and an item below ${items}`,
    ],
    [
      steps.every(({ user, positive, negative }) =>
        [user, positive, negative].every(({ length }) => length === batch) &&
        user.every(isUser) && [...positive, ...negative].every(isItem)
      ),
      `"steps" must hold batches of one size, users below ${users} and items below ${items}`,
    ],
    [
      ranking.targets.length === users && ranking.targets.flat().every(isItem),
      `"ranking.targets" must have a row of items below ${items} for each of ${users} users`,
    ],
    [
      Object.entries(ranking.metrics).every(([name, value]) =>
        /^[RN]@[1-9]\d*$/.test(name) && typeof value === "number"
      ),
      `"ranking.metrics" must hold numbers named like R@10 or N@10`,
    ],
  ];
  const broken = rules.find(([holds]) => !holds);
  if (broken) throw new InputError(`${path}: ${broken[1]}.`);
}

/**
 * Parses a golden file and checks that every quantity is there.
 *
 * @throws {InputError} when one is not, or has another shape: told by file and key.
 */
export function parseGolden(path: string, text: string): Golden {
  const golden = parseObject(path, text) as unknown as Golden;
  requireLayout(path, "", golden, LAYOUT);
  requireSizes(path, golden);
  return golden;
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
