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
import type { Dataset } from "../data/dataset.ts";
import type { GpuDevice } from "../gpu/device.ts";
import { createTensor } from "../gpu/tensor.ts";
import { BPR_GAMMA, bprLoss } from "../ops/losses/bpr_loss.ts";
import { lossTerms } from "../tape/loss_term.ts";
import { normPenaltyOfBatch } from "../ops/losses/norm_penalty.ts";
import {
  convolve,
  createStepwiseConvolution,
  stepwiseConvolution,
} from "../ops/graphs/stepwise_convolution.ts";
import { interactionGraph } from "../sparse/graphs.ts";
import { defineModel, type Preset } from "./define_model.ts";
import { stackedTables, xavierUniform } from "./initial_values.ts";
import type { ModelKind, ModelParts } from "./model.ts";
import { EMBEDDING_WIDTH, type SettingsOf } from "./settings.ts";
import { RECBOARD, SHOP } from "./shared_presets.ts";

const settings = {
  dim: EMBEDDING_WIDTH,
  layers: { default: 3, from: 0, whole: true, help: "layers of graph convolution (L)" },
  regWeight: {
    default: 1e-2,
    from: 0,
    help: "weight of the penalty on the norms of the batch's embeddings",
  },
} as const;

/**
 * The presets are those of RecBoard (MTandHJ/RecBoard@085110b), the STAIR authors' own collection; MMRec
 * gives search grids only.
 */
export const lightgcn: ModelKind<SettingsOf<typeof settings>> = defineModel({
  name: "lightgcn",
  title: "LightGCN (He et al., SIGIR 2020)",
  settings,
  presets: {
    baby: published(1e-2),
    sports: published(1e-3),
    electronics: published(1e-3),
    shop: SHOP,
  },
  create,
});

function published(regWeight: number): Preset<typeof settings> {
  return {
    model: { regWeight },
    training: { learningRate: 1e-3, weightDecay: 0, batchSize: 2048, epochs: 500 },
    source: RECBOARD,
  };
}

/** Uploads random embeddings (Xavier uniform). */
function create(
  gpu: GpuDevice,
  data: Dataset,
  { dim, layers, regWeight, seed }: SettingsOf<typeof settings>,
): ModelParts {
  const { train, userCount, itemCount } = data;
  const initial = stackedTables(xavierUniform, seed, data, dim);
  using guard = new DisposableStack();
  const embeddings = guard.use(
    createTensor(gpu, "embeddings", [userCount + itemCount, dim], initial),
  );
  const ratios = new Float64Array(dim).fill(1);
  const convolution = guard.use(
    createStepwiseConvolution(gpu, "adjacency", interactionGraph(train), ratios, layers),
  );
  const terms = lossTerms({ bpr: 1, norms: regWeight });
  const resources = guard.move();
  return {
    parameters: { embeddings },
    lossTerms: terms,
    phases: [{
      name: "training step",
      record: (tape, { embeddings }, batch) => {
        const h = stepwiseConvolution(tape, convolution, embeddings!, batch);
        bprLoss(tape, h, batch, terms.bpr, BPR_GAMMA);
        normPenaltyOfBatch(tape, embeddings!, batch, terms.norms, userCount);
      },
    }],
    represent: (tape) => convolve(tape, convolution, embeddings),
    [Symbol.dispose]: () => resources.dispose(),
  };
}
