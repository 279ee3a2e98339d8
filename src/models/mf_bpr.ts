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
import type { Gpu } from "../gpu/device.ts";
import { createTensor } from "../gpu/tensor.ts";
import { BPR_GAMMA, bprLoss } from "../ops/losses/bpr_loss.ts";
import { lossTerms } from "../tape/loss_term.ts";
import { batchNormPenalty } from "../ops/losses/norm_penalty.ts";
import { stackedTables, xavierNormal } from "./initial_values.ts";
import {
  type Model,
  type ModelKind,
  requireAtLeast,
  requireShape,
  type TrainingData,
} from "./model.ts";

/** Settings of MF-BPR. */
export interface MfBprSettings {
  /** Embedding width, a multiple of 4 up to 256. */
  readonly dim: number;
  /** Weight of the penalty on norms. */
  readonly regWeight: number;
  /** Seed of the initial embeddings. */
  readonly seed: number;
}

/**
 * Uploads MF-BPR with random embeddings (Xavier normal).
 *
 * @throws {InputError} when a setting is out of range.
 */
export function createMfBpr(gpu: Gpu, dataset: TrainingData, settings: MfBprSettings): Model {
  requireShape({ ...settings, layers: 0 });
  requireAtLeast("reg-weight", settings.regWeight, 0);
  const { dim, regWeight, seed } = settings;
  const { userCount, itemCount } = dataset;
  const initial = stackedTables(xavierNormal, seed, dataset, dim);
  using guard = new DisposableStack();
  const embeddings = guard.use(
    createTensor(gpu, "embeddings", [userCount + itemCount, dim], initial),
  );
  const terms = lossTerms({ bpr: 1, norms: regWeight });
  const resources = guard.move();
  return {
    name: "mf_bpr",
    userCount,
    itemCount,
    parameters: { embeddings },
    settings: { ...settings },
    lossTerms: terms,
    phases: [{
      name: "training step",
      record: (tape, { embeddings }, batch) => {
        bprLoss(tape, embeddings!, batch, terms.bpr, BPR_GAMMA);
        batchNormPenalty(tape, embeddings!, batch, userCount, terms.norms);
      },
    }],
    represent: () => embeddings,
    [Symbol.dispose]: () => resources.dispose(),
  };
}

/**
 * Of RecBoard (MTandHJ/RecBoard@085110b), the STAIR authors' own collection, for Baby and Sports alike: it
 * has coupled weight decay in the place of the penalty. MMRec gives a search grid only.
 */
const training = { learningRate: 1e-3, weightDecay: 0, l2: 1e-6, batchSize: 1024, epochs: 500 };

/** MF-BPR as it is offered to people. */
export const mfBpr: ModelKind = {
  title: "MF-BPR (Rendle et al., UAI 2009)",
  settings: {
    dim: { value: 64, help: "embedding width, a multiple of 4 up to 256" },
    regWeight: { value: 0, help: "weight of the penalty on the norms of the batch's embeddings" },
  },
  presets: {
    baby: { model: {}, training },
    shop: {
      model: {},
      training: { learningRate: 0.01, weightDecay: 0, batchSize: 512, epochs: 200, patience: 5 },
    },
  },
  create: (gpu, dataset, settings) =>
    createMfBpr(gpu, dataset, settings as unknown as MfBprSettings),
};
