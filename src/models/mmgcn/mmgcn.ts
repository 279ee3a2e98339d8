/**
 * MMGCN: Multi-modal Graph Convolution Network for Personalized Recommendation of Micro-video (Wei, Wang,
 * Nie, He, Hong & Chua, ACM MM 2019).
 *
 * Each modality has a network of its own over users and items, described in branch.ts; H is the
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
import type { GpuDevice } from "../../gpu/device.ts";
import { createTensor, elementCount, type Tensor } from "../../gpu/tensor.ts";
import { bprLoss } from "../../ops/losses/bpr_loss.ts";
import type { Batch } from "../../tape/batch.ts";
import { add } from "../../ops/rows/combine.ts";
import { gatherBatch } from "../../ops/rows/gather_batch.ts";
import { type LossTerm, lossTerms } from "../../tape/loss_term.ts";
import { normPenalty } from "../../ops/losses/norm_penalty.ts";
import { uploadSparse } from "../../ops/graphs/packed_matrix.ts";
import type { Tape, Variable } from "../../tape/tape.ts";
import { type SparsePattern, transpose } from "../../sparse/csr.ts";
import { adjacency, rowNormalised } from "../../sparse/graphs.ts";
import { defineModel } from "../define_model.ts";
import { initialStream, xavierNormal } from "../initial_values.ts";
import { type Branch, type BranchInputs, createBranch, type MeanGraph } from "./branch.ts";
import { constants, type ModelKind, type ModelParts, type Variables } from "../model.ts";
import { featuredModalities } from "../projected_features.ts";
import { EMBEDDING_WIDTH, type SettingsOf } from "../settings.ts";
import { SHOP } from "../shared_presets.ts";

const settings = {
  dim: { ...EMBEDDING_WIDTH, help: "width of the representations" },
  imageDim: {
    default: 256,
    from: 1,
    whole: true,
    help: "columns that image features are mapped to",
  },
  regWeight: { default: 0, from: 0, help: "weight of the penalty on squares of the tables" },
  trainTables: {
    default: false,
    help: "whether to train the id and preference tables, which the published code leaves random",
  },
} as const;

/** All settings of MMGCN. */
export type MmgcnSettings = SettingsOf<typeof settings>;

/**
 * Neither the authors nor MMRec name their best settings: Baby's are MMRec's own defaults, whose 20
 * evaluations, one after every epoch, are four of ours. (RecBoard's MMGCN is another one: it has two layers,
 * adds where this one concatenates, and trains the tables.) The shop's learning rate is Baby's.
 */
export const mmgcn: ModelKind<SettingsOf<typeof settings>> = defineModel({
  name: "mmgcn",
  title: "MMGCN (Wei et al., ACM MM 2019)",
  settings,
  presets: {
    baby: {
      model: {},
      training: { learningRate: 1e-3, weightDecay: 0, batchSize: 2048, epochs: 1000, patience: 4 },
      source: "MMRec's defaults, where 20 evaluations one epoch apart are 4 of ours",
    },
    shop: { ...SHOP, training: { ...SHOP.training, learningRate: 1e-3 } },
  },
  create,
});

/** Name of the modality whose features are mapped to `imageDim` columns. */
const MAPPED = "image";

/** Reads the features, and uploads random tables and weights. */
async function create(
  gpu: GpuDevice,
  dataset: Dataset,
  settings: MmgcnSettings,
): Promise<ModelParts> {
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
  const ids = table("ids", userCount + itemCount, dim);
  return buildMmgcn(gpu, train, settings, { ids, branches });
}

/** MMGCN's id table and the branches' inputs, on the CPU. */
export interface MmgcnInputs {
  /** The id table, (users + items) × dim. */
  readonly ids: Float32Array<ArrayBuffer>;
  /** Features and users' rows of each modality. */
  readonly branches: readonly BranchInputs[];
}

/**
 * Uploads MMGCN with given tables and random weights.
 *
 * @param train Train interactions, users × items.
 */
export function buildMmgcn(
  gpu: GpuDevice,
  train: SparsePattern,
  settings: MmgcnSettings,
  inputs: MmgcnInputs,
): ModelParts {
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
    parameters,
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
  normPenalty(tape, rows, ranges, batch, term, { squared: true });
}

/** Records the mean square of a table. */
function tablePenalty(
  tape: Tape,
  table: Variable,
  batch: Batch,
  term: LossTerm,
): void {
  const { shape } = table.value;
  const rows = [{ firstRow: 0, rowCount: shape[0]! }];
  normPenalty(tape, table, rows, batch, term, { squared: true, divisor: elementCount(shape) / 2 });
}

function uploadMeanGraph(gpu: GpuDevice, train: SparsePattern): MeanGraph & Disposable {
  const means = rowNormalised(adjacency(train));
  using guard = new DisposableStack();
  const mean = guard.use(uploadSparse(gpu, "means", means));
  const transposed = guard.use(uploadSparse(gpu, "means transposed", transpose(means)));
  const owned = guard.move();
  return { mean, transposed, [Symbol.dispose]: () => owned.dispose() };
}
