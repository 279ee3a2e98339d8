/**
 * One modality's network in MMGCN: three layers of graph convolution over users and items.
 *
 * X starts with random rows of the users above the features of the items, all scaled to length 1. With M
 * the mean over a node's neighbours and id a table that all modalities share, each layer has
 *
 *     n = leaky(M X C),   s = leaky(X Aᵀ + a) + id,   X ← leaky([ n | s ] Gᵀ + g)
 *
 * G's columns for n and for s are weights of their own, so that [ n | s ], which is the widest matrix of
 * all, never exists.
 *
 * @module
 */
import { scaleToUnitRows } from "../../features/unit_rows.ts";
import type { GpuDevice } from "../../gpu/device.ts";
import { Scratch } from "../../gpu/scratch.ts";
import { createTensor, type Elements, type Tensor } from "../../gpu/tensor.ts";
import { add, stackRows } from "../../ops/rows/combine.ts";
import { leakyRelu } from "../../ops/rows/leaky_relu.ts";
import { jointLinear, linear, multiply } from "../../ops/rows/linear.ts";
import { normaliseRows } from "../../ops/rows/normalise_rows.ts";
import { recordSparseProduct, sparseProduct } from "../../ops/graphs/sparse_product.ts";
import type { PackedMatrix } from "../../ops/graphs/packed_matrix.ts";
import { Tape, type Variable } from "../../tape/tape.ts";
import { initialStream, linearDefaults, xavierNormal } from "../initial_values.ts";
import type { Variables } from "../model.ts";

type Floats = Float32Array<ArrayBuffer>;

/** Layers of every branch: the authors' code ignores the setting and has three. */
const LAYERS = 3;
/** Slope of LeakyReLU below 0. */
const SLOPE = 0.01;

/** The graph M, which averages over a node's neighbours, users above items. */
export interface MeanGraph {
  /** M; each row that has entries sums to 1. */
  readonly mean: PackedMatrix;
  /** Mᵀ. */
  readonly transposed: PackedMatrix;
}

/** A modality's features and initial user rows, on the CPU. */
export interface BranchInputs {
  /** Name of the modality. */
  readonly name: string;
  /** The modality's features, items × width. */
  readonly features: Floats;
  /** Number of features per item. */
  readonly width: number;
  /** Columns that features are mapped to by a linear layer; without it features are used as they are. */
  readonly mappedWidth?: number;
  /** The users' rows of X, users × its columns. */
  readonly preferences: Floats;
}

/** Settings that all branches share. */
export interface BranchSettings {
  /** Width of every layer's result. */
  readonly dim: number;
  /** Whether the users' rows of X are a parameter. */
  readonly trainTables: boolean;
  /** Seed of the initial values. */
  readonly seed: number;
}

/** A branch, ready to be recorded. */
export interface Branch extends Disposable {
  /** Its parameters; their names begin with the modality's. */
  readonly parameters: Readonly<Record<string, Tensor>>;
  /**
   * Records the branch.
   *
   * @param ids (users + items) × dim.
   * @returns (users + items) × dim.
   */
  record(tape: Tape, variables: Variables, ids: Variable): Variable;
  /** The users' rows that are penalised; only a branch with mapped features has them. */
  penalised(variables: Variables): Variable | undefined;
}

/** A layer's input X, and its mean over neighbours, M X. */
interface LayerInput {
  readonly x: Variable;
  readonly mean: Variable;
}

/** Records the first layer's input. */
interface FirstInput {
  record(tape: Tape, variables: Variables): LayerInput;
  penalised(variables: Variables): Variable | undefined;
}

/** Uploads a tensor of a branch, labelled with the modality's name. */
type Upload = (key: string, shape: readonly number[], data?: Elements) => Tensor;

/** Uploads a branch with random parameters. */
export function createBranch(
  gpu: GpuDevice,
  graph: MeanGraph,
  inputs: BranchInputs,
  settings: BranchSettings,
): Branch {
  const { name } = inputs;
  using guard = new DisposableStack();
  const upload: Upload = (key, shape, data) =>
    guard.use(createTensor(gpu, `${name}.${key}`, shape, data));
  const parameters: Record<string, Tensor> = {};
  for (const [key, { shape, data }] of Object.entries(initialValues(inputs, settings))) {
    parameters[`${name}.${key}`] = upload(key, shape, data);
  }
  const constant = inputs.mappedWidth === undefined && !settings.trainTables;
  const first = constant
    ? constantInput(gpu, graph, inputs, upload)
    : recordedInput(graph, inputs, settings, upload);
  const owned = guard.move();
  return {
    parameters,
    record: (tape, variables, ids) => {
      let input = first.record(tape, variables);
      for (let layer = 1;; layer++) {
        const x = recordLayer(tape, `${name}.layer${layer}`, variables, input, ids);
        if (layer === LAYERS) return x;
        input = { x, mean: sparseProduct(tape, graph.mean, graph.transposed, x) };
      }
    },
    penalised: first.penalised,
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** The input where neither users' nor items' rows are trained: X and M X are computed once. */
function constantInput(
  gpu: GpuDevice,
  graph: MeanGraph,
  { name, features, width, preferences }: BranchInputs,
  upload: Upload,
): FirstInput {
  const rows = new Float32Array(preferences.length + features.length);
  rows.set(preferences);
  rows.set(features, preferences.length);
  scaleToUnitRows(rows, width);
  const shape = [rows.length / width, width];
  const x = upload("nodes", shape, rows);
  const mean = upload("neighbours", shape);
  using scratch = new Scratch(gpu);
  const tape = new Tape(gpu, `neighbours by ${name}`, scratch);
  using program = tape.program;
  recordSparseProduct(tape, graph.mean, x, mean);
  program.run();
  const input = { x: { value: x, constant: true }, mean: { value: mean, constant: true } };
  return { record: () => input, penalised: () => undefined };
}

/** The input where some rows are trained: every step computes X and M X. */
function recordedInput(
  { mean, transposed }: MeanGraph,
  { name, features, width, mappedWidth, preferences }: BranchInputs,
  { trainTables }: BranchSettings,
  upload: Upload,
): FirstInput {
  const raw = upload("features", [features.length / width, width], features);
  // Where the users' table is trained it is one of the variables.
  const columns = mappedWidth ?? width;
  const fixed = trainTables
    ? undefined
    : upload("preferences", [preferences.length / columns, columns], preferences);
  const tableOf = (variables: Variables): Variable =>
    fixed ? { value: fixed, constant: true } : variables[`${name}.preferences`]!;
  return {
    record: (tape, variables) => {
      const source = { value: raw, constant: true };
      const weight = variables[`${name}.map.weight`];
      const items = weight ? linear(tape, source, weight, variables[`${name}.map.bias`]) : source;
      const x = normaliseRows(tape, stackRows(tape, [tableOf(variables), items]));
      return { x, mean: sparseProduct(tape, mean, transposed, x) };
    },
    penalised: (variables) => mappedWidth === undefined ? undefined : tableOf(variables),
  };
}

/** Records a layer. */
function recordLayer(
  tape: Tape,
  name: string,
  variables: Variables,
  { x, mean }: LayerInput,
  ids: Variable,
): Variable {
  const of = (part: string): Variable => variables[`${name}.${part}`]!;
  const neighbours = leakyRelu(tape, multiply(tape, mean, of("neighbours")), SLOPE);
  const self = leakyRelu(tape, linear(tape, x, of("self.weight"), of("self.bias")), SLOPE);
  const merged = jointLinear(tape, [
    { x: neighbours, weight: of("merge.neighbours") },
    { x: add(tape, self, ids), weight: of("merge.self") },
  ], of("merge.bias"));
  return leakyRelu(tape, merged, SLOPE);
}

/** A parameter before training. */
interface Initial {
  readonly shape: readonly number[];
  readonly data: Floats;
}

/** All parameters of a branch before training. */
function initialValues(
  { name, width, mappedWidth, preferences }: BranchInputs,
  { dim, seed, trainTables }: BranchSettings,
): Record<string, Initial> {
  const values: Record<string, Initial> = {};
  if (mappedWidth !== undefined) {
    const { weight, bias } = linearDefaults(seed, `${name}.map`, mappedWidth, width);
    values["map.weight"] = { shape: [mappedWidth, width], data: weight };
    values["map.bias"] = { shape: [mappedWidth], data: bias };
  }
  const columns = mappedWidth ?? width;
  if (trainTables) {
    const shape = [preferences.length / columns, columns];
    values.preferences = { shape, data: preferences };
  }
  for (let layer = 1; layer <= LAYERS; layer++) {
    const inputs = layer === 1 ? columns : dim;
    const drawn = initialLayer(`${name}.layer${layer}`, inputs, dim, seed, layer === 1);
    for (const [key, value] of Object.entries(drawn)) values[`layer${layer}.${key}`] = value;
  }
  return values;
}

/** Xavier normal for C, A and the first layer's G; PyTorch's defaults for the rest. */
function initialLayer(
  name: string,
  inputs: number,
  dim: number,
  seed: number,
  first: boolean,
): Record<string, Initial> {
  const xavier = (part: string, rows: number, columns: number): Floats =>
    xavierNormal(initialStream(seed, `${name}.${part}`), rows, columns);
  const joined = inputs + dim;
  const self = linearDefaults(seed, `${name}.self`, dim, inputs);
  const merge = linearDefaults(seed, `${name}.merge`, dim, joined);
  const weight = first ? xavier("merge", dim, joined) : merge.weight;
  const neighbourPart = weight.filter((_, at) => at % joined < inputs);
  const selfPart = weight.filter((_, at) => at % joined >= inputs);
  return {
    neighbours: { shape: [inputs, inputs], data: xavier("neighbours", inputs, inputs) },
    "self.weight": { shape: [dim, inputs], data: xavier("self", dim, inputs) },
    "self.bias": { shape: [dim], data: self.bias },
    "merge.neighbours": { shape: [dim, inputs], data: neighbourPart },
    "merge.self": { shape: [dim, dim], data: selfPart },
    "merge.bias": { shape: [dim], data: merge.bias },
  };
}
