/**
 * MF-BPR: matrix factorisation under Bayesian personalised ranking (Rendle, Freudenthaler, Gantner &
 * Schmidt-Thieme, UAI 2009).
 *
 * H is E itself. The loss is −mean log(1e-10 + σ(⟨h_u, h_p⟩ − ⟨h_u, h_n⟩)) plus a penalty on the batch's
 * rows of E.
 *
 * As in MMRec's code (enoche/MMRec@e775373), the penalty is on the plain Frobenius norms of the batch's
 * rows of E, where the paper has squares.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { GpuDevice } from "../gpu/device.ts";
import { createTensor } from "../gpu/tensor.ts";
import { BPR_GAMMA, bprLoss } from "../ops/losses/bpr_loss.ts";
import { lossTerms } from "../tape/loss_term.ts";
import { normPenaltyOfBatch } from "../ops/losses/norm_penalty.ts";
import { defineModel } from "./define_model.ts";
import { stackedTables, xavierNormal } from "./initial_values.ts";
import type { ModelKind, ModelParts } from "./model.ts";
import { EMBEDDING_WIDTH, type SettingsOf } from "./settings.ts";
import { RECBOARD, SHOP } from "./shared_presets.ts";

const settings = {
  dim: EMBEDDING_WIDTH,
  regWeight: {
    default: 0,
    from: 0,
    help: "weight of the penalty on the norms of the batch's embeddings",
  },
} as const;

/**
 * The preset of Baby is that of RecBoard (MTandHJ/RecBoard@085110b), the STAIR authors' own collection, for
 * Baby and Sports alike: it has coupled weight decay in the place of the penalty. MMRec gives a search grid
 * only.
 */
export const mfBpr: ModelKind<SettingsOf<typeof settings>> = defineModel({
  name: "mf_bpr",
  title: "MF-BPR (Rendle et al., UAI 2009)",
  settings,
  presets: {
    baby: {
      model: {},
      training: { learningRate: 1e-3, weightDecay: 0, l2: 1e-6, batchSize: 1024, epochs: 500 },
      source: RECBOARD,
    },
    shop: SHOP,
  },
  create,
});

/** Uploads random embeddings (Xavier normal). */
function create(
  gpu: GpuDevice,
  data: Dataset,
  { dim, regWeight, seed }: SettingsOf<typeof settings>,
): ModelParts {
  const { userCount, itemCount } = data;
  const initial = stackedTables(xavierNormal, seed, data, dim);
  const embeddings = createTensor(gpu, "embeddings", [userCount + itemCount, dim], initial);
  const terms = lossTerms({ bpr: 1, norms: regWeight });
  return {
    parameters: { embeddings },
    lossTerms: terms,
    phases: [{
      name: "training step",
      record: (tape, { embeddings }, batch) => {
        bprLoss(tape, embeddings!, batch, terms.bpr, BPR_GAMMA);
        normPenaltyOfBatch(tape, embeddings!, batch, terms.norms, userCount);
      },
    }],
    represent: () => embeddings,
    [Symbol.dispose]: () => embeddings[Symbol.dispose](),
  };
}
