/**
 * MMGCN: Multi-modal Graph Convolution Network for Personalized Recommendation of Micro-video (Wei, Wang,
 * Nie, He, Hong & Chua, ACM MM 2019).
 *
 * Each modality has a network of its own over users and items, described in mmgcn_branch.ts; H is the
 * mean of what they give. The loss is −mean log σ(⟨h_u, h_p⟩ − ⟨h_u, h_n⟩) plus a penalty on squares.
 *
 * It follows the authors' code, as it stands in MMRec (enoche/MMRec@e775373), where that departs from the
 * paper:
 *
 * - The id table and the users' rows of X are never registered with the optimizer: they stay as they were
 *   drawn, so that the penalty, which is on them alone, has no effect. `trainTables` trains them, as the
 *   paper means.
 * - Neighbours and self are always concatenated and there are always three layers: the switch and the
 *   number that should tell otherwise are ignored.
 * - The penalty is the mean square of the batch's rows of the id table, users and items counting alike,
 *   plus that of the users' rows beside the images.
 * - Images are mapped to `imageDim` columns first; other features are taken as they are.
 *
 * One thing differs: what ranks is computed with the parameters at the time, where the code keeps the
 * result of the last training step, from before its update.
 *
 * @module
 */
import type { Dataset } from "../../data/dataset.ts";
import type { Gpu } from "../../gpu/device.ts";
import { createTensor, type Tensor } from "../../gpu/tensor.ts";
import { InputError } from "../../input_error.ts";
import { bprLoss } from "../../ops/losses/bpr_loss.ts";
import type { Batch } from "../../tape/batch.ts";
import { add } from "../../ops/rows/combine.ts";
import { gatherBatch } from "../../ops/rows/gather_batch.ts";
import { type LossTerm, lossTerms } from "../../tape/loss_term.ts";
import { normPenalty } from "../../ops/losses/norm_penalty.ts";
import { uploadSparse } from "../../ops/graphs/sparse_tensor.ts";
import type { Tape, Variable } from "../../tape/tape.ts";
import { type SparsePattern, transpose } from "../../sparse/csr.ts";
import { adjacency, rowNormalised } from "../../sparse/graphs.ts";
import { initialStream, xavierNormal } from "../initial_values.ts";
import { type Branch, type BranchInputs, createBranch, type MeanGraph } from "./branch.ts";
import {
  constants,
  type Model,
  type ModelKind,
  requireAtLeast,
  requireShape,
  type Variables,
} from "../model.ts";
import { featuredModalities } from "../projected_features.ts";

/** Settings of MMGCN. */
export interface MmgcnSettings {
  /** Width of H, a multiple of 4 up to 256. */
  readonly dim: number;
  /** Columns that image features are mapped to. */
  readonly imageDim: number;
  /** Weight of the penalty on squares. */
  readonly regWeight: number;
  /** Whether the id table and the users' rows of X are parameters. */
  readonly trainTables: boolean;
  /** Seed of tables and initial weights. */
  readonly seed: number;
}

/** What MMGCN starts from, on the CPU. */
export interface MmgcnInputs {
  /** The id table, (users + items) × dim. */
  readonly ids: Float32Array<ArrayBuffer>;
  /** Features and users' rows of each modality. */
  readonly branches: readonly BranchInputs[];
}

/** The modality whose features are mapped. */
const MAPPED = "image";

/**
 * Reads the features and uploads MMGCN with random tables and weights.
 *
 * @throws {InputError} when a setting is out of range or no modality has features.
 */
export async function createMmgcn(
  gpu: Gpu,
  dataset: Dataset,
  settings: MmgcnSettings,
): Promise<Model> {
  requireSettings(settings);
  const { dim, imageDim, seed } = settings;
  const { train, userCount, itemCount } = dataset;
  const table = (key: string, rows: number, columns: number) =>
    xavierNormal(initialStream(seed, key), rows, columns);
  const branches: BranchInputs[] = [];
  for (const { name, features } of featuredModalities(dataset, "MMGCN")) {
    const mappedWidth = name === MAPPED ? imageDim : undefined;
    branches.push({
      name,
      features: await features.read(0, itemCount),
      width: features.width,
      mappedWidth,
      preferences: table(`${name}.preferences`, userCount, mappedWidth ?? features.width),
    });
  }
  return buildMmgcn(gpu, train, settings, {
    ids: table("ids", userCount + itemCount, dim),
    branches,
  });
}

/**
 * Uploads MMGCN with given tables and random weights.
 *
 * @param train Train interactions, users × items.
 */
export function buildMmgcn(
  gpu: Gpu,
  train: SparsePattern,
  settings: MmgcnSettings,
  inputs: MmgcnInputs,
): Model {
  const { dim, regWeight, trainTables } = settings;
  const { rowCount: userCount, columnCount: itemCount } = train;
  using guard = new DisposableStack();
  const graph = guard.use(uploadMeanGraph(gpu, train));
  const ids = guard.use(createTensor(gpu, "ids", [userCount + itemCount, dim], inputs.ids));
  const branches = inputs.branches.map((branch) =>
    guard.use(createBranch(gpu, graph, branch, settings))
  );
  const parameters: Record<string, Tensor> = {
    ...(trainTables ? { ids } : {}),
    ...Object.assign({}, ...branches.map((branch) => branch.parameters)),
  };
  const terms = lossTerms({ bpr: 1, ids: regWeight / dim, preferences: regWeight });
  const idsOf = (variables: Variables): Variable => variables.ids ?? { value: ids, constant: true };
  const resources = guard.move();
  return {
    name: "mmgcn",
    userCount,
    itemCount,
    parameters,
    settings: { ...settings },
    lossTerms: terms,
    phases: [{
      name: "training step",
      record: (tape, variables, batch) => {
        const h = recordMean(tape, branches, variables, idsOf(variables));
        bprLoss(tape, h, batch, terms.bpr);
        if (regWeight === 0) return;
        idPenalty(tape, idsOf(variables), batch, userCount, terms.ids);
        for (const branch of branches) {
          const table = branch.penalised(variables);
          if (table) tablePenalty(tape, table, batch, terms.preferences);
        }
      },
    }],
    represent: (tape) => {
      const fixed = constants(parameters);
      return recordMean(tape, branches, fixed, idsOf(fixed)).value;
    },
    [Symbol.dispose]: () => resources.dispose(),
  };
}

/** Records the mean of what the branches give. */
function recordMean(
  tape: Tape,
  branches: readonly Branch[],
  variables: Variables,
  ids: Variable,
): Variable {
  const share = 1 / branches.length;
  return branches
    .map((branch) => branch.record(tape, variables, ids))
    .reduce((sum, next, place) => add(tape, sum, next, place === 1 ? share : 1, share));
}

/**
 * Records (2 ‖id_u‖² + ‖id_p‖² + ‖id_n‖²) / 2B over the batch's rows of the id table: dim times the mean
 * square of users' and items' rows, where a user stands beside each of the two items.
 */
function idPenalty(
  tape: Tape,
  ids: Variable,
  batch: Batch,
  userCount: number,
  term: LossTerm,
): void {
  const lists = ["user", "positive", "negative"] as const;
  const rows = gatherBatch(tape, ids, batch, lists, { firstRow: 0, userCount });
  const { batchSize } = batch.shape;
  const ranges = [0, 0, 1, 2].map((list) => ({ firstRow: list * batchSize, rowCount: batchSize }));
  normPenalty(tape, rows, ranges, batch, term, 0, true);
}

/** Records the mean square of a table. */
function tablePenalty(
  tape: Tape,
  table: Variable,
  batch: Batch,
  term: LossTerm,
): void {
  const [rowCount, width] = table.value.shape as [number, number];
  normPenalty(tape, table, [{ firstRow: 0, rowCount }], batch, term, rowCount * width / 2, true);
}

function uploadMeanGraph(gpu: Gpu, train: SparsePattern): MeanGraph & Disposable {
  const means = rowNormalised(adjacency(train));
  using guard = new DisposableStack();
  const mean = guard.use(uploadSparse(gpu, "means", means));
  const transposed = guard.use(uploadSparse(gpu, "means transposed", transpose(means)));
  const owned = guard.move();
  return { mean, transposed, [Symbol.dispose]: () => owned.dispose() };
}

function requireSettings(settings: MmgcnSettings): void {
  requireShape({ ...settings, layers: 0 });
  const { imageDim, regWeight, trainTables } = settings;
  if (!Number.isInteger(imageDim) || imageDim < 1) {
    throw new InputError(`image-dim is ${imageDim}, but must be a whole number from 1.`);
  }
  requireAtLeast("reg-weight", regWeight, 0);
  if (typeof trainTables !== "boolean") {
    throw new InputError(`train-tables is ${trainTables}, but must be true or false.`);
  }
}

/**
 * MMGCN as it is offered to people. Neither the authors nor MMRec name their best settings: Baby's are
 * MMRec's own defaults, whose 20 evaluations of one epoch are four of ours. (RecBoard's MMGCN is another one: it has two layers, adds where this one
 * concatenates, and trains the tables.)
 */
export const mmgcn: ModelKind = {
  title: "MMGCN (Wei et al., ACM MM 2019)",
  settings: {
    dim: { value: 64, help: "width of the representations, a multiple of 4 up to 256" },
    imageDim: { value: 256, help: "columns that image features are mapped to" },
    regWeight: { value: 0, help: "weight of the penalty on squares of the tables" },
    trainTables: {
      value: false,
      help: "whether to train the id and preference tables, which the published code leaves random",
    },
  },
  presets: {
    baby: {
      model: {},
      training: { learningRate: 1e-3, weightDecay: 0, batchSize: 2048, epochs: 1000, patience: 4 },
    },
    shop: {
      model: {},
      training: { learningRate: 0.001, weightDecay: 0, batchSize: 512, epochs: 200, patience: 5 },
    },
  },
  create: (gpu, dataset, settings) =>
    createMmgcn(gpu, dataset, settings as unknown as MmgcnSettings),
};
