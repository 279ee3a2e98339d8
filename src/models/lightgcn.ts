/**
 * LightGCN: Simplifying and Powering Graph Convolution Network for Recommendation (He, Deng, Wang, Li,
 * Zhang & Wang, SIGIR 2020).
 *
 * H is the mean of E, ÃE, …, Ã^L E: a stepwise convolution whose ratio is 1 in every column. The loss is
 * −mean log(1e-10 + σ(⟨h_u, h_p⟩ − ⟨h_u, h_n⟩)) plus a penalty on the batch's rows of E.
 *
 * As in MMRec's code (enoche/MMRec@e775373), the penalty is on the plain Frobenius norms of the batch's
 * rows of E, where the paper has squares of all of E. Its 1e-7 beside every degree is left out: it moves
 * weights by less than f32 resolves.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { createTensor } from "../gpu/tensor.ts";
import { BPR_GAMMA, bprLoss } from "../ops/losses/bpr_loss.ts";
import { lossTerms } from "../tape/loss_term.ts";
import { batchNormPenalty } from "../ops/losses/norm_penalty.ts";
import {
  convolve,
  createStepwiseConvolution,
  stepwiseConvolution,
} from "../ops/graphs/stepwise_convolution.ts";
import { interactionGraph } from "../sparse/graphs.ts";
import { stackedTables, xavierUniform } from "./initial_values.ts";
import {
  type Model,
  type ModelKind,
  requireAtLeast,
  requireShape,
  type TrainingData,
} from "./model.ts";

/** Settings of LightGCN. */
export interface LightGcnSettings {
  /** Embedding width, a multiple of 4 up to 256. */
  readonly dim: number;
  /** Layers of graph convolution (L). */
  readonly layers: number;
  /** Weight of the penalty on norms. */
  readonly regWeight: number;
  /** Seed of the initial embeddings. */
  readonly seed: number;
}

/**
 * Uploads LightGCN with random embeddings (Xavier uniform).
 *
 * @throws {InputError} when a setting is out of range.
 */
export function createLightGcn(gpu: Gpu, dataset: TrainingData, settings: LightGcnSettings): Model {
  requireShape(settings);
  requireAtLeast("reg-weight", settings.regWeight, 0);
  const { dim, layers, regWeight, seed } = settings;
  const { train, userCount, itemCount } = dataset;
  const initial = stackedTables(xavierUniform, seed, dataset, dim);
  using guard = new DisposableStack();
  const embeddings = guard.use(
    createTensor(gpu, "embeddings", [userCount + itemCount, dim], initial),
  );
  const graph = interactionGraph(train);
  const ratios = new Float64Array(dim).fill(1);
  const convolution = guard.use(
    createStepwiseConvolution(gpu, "adjacency", graph, ratios, layers),
  );
  const terms = lossTerms({ bpr: 1, norms: regWeight });
  const resources = guard.move();
  return {
    name: "lightgcn",
    userCount,
    itemCount,
    parameters: { embeddings },
    settings: { ...settings },
    lossTerms: terms,
    phases: [{
      name: "training step",
      record: (tape, { embeddings }, batch) => {
        const h = stepwiseConvolution(tape, convolution, embeddings!, batch);
        bprLoss(tape, h, batch, terms.bpr, BPR_GAMMA);
        batchNormPenalty(tape, embeddings!, batch, userCount, terms.norms);
      },
    }],
    represent: (tape) => convolve(tape, convolution, embeddings),
    [Symbol.dispose]: () => resources.dispose(),
  };
}

/**
 * LightGCN as it is offered to people. The presets are those of RecBoard (MTandHJ/RecBoard@085110b), the
 * STAIR authors' own collection; MMRec gives search grids only.
 */
export const lightGcn: ModelKind = {
  title: "LightGCN (He et al., SIGIR 2020)",
  settings: {
    dim: { value: 64, help: "embedding width, a multiple of 4 up to 256" },
    layers: { value: 3, help: "layers of graph convolution" },
    regWeight: {
      value: 1e-2,
      help: "weight of the penalty on the norms of the batch's embeddings",
    },
  },
  presets: {
    baby: preset(1e-2),
    sports: preset(1e-3),
    electronics: preset(1e-3),
    shop: {
      model: {},
      training: { learningRate: 0.01, weightDecay: 0, batchSize: 512, epochs: 200, patience: 5 },
    },
  },
  create: (gpu, dataset, settings) =>
    createLightGcn(gpu, dataset, settings as unknown as LightGcnSettings),
};

function preset(regWeight: number): ModelKind["presets"]["baby"] {
  return {
    model: { regWeight },
    training: { learningRate: 1e-3, weightDecay: 0, batchSize: 2048, epochs: 500 },
  };
}
