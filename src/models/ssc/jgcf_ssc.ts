/**
 * JGCF-SSC: JGCF on a graph with links between similar items, whose spectrum is shifted back (He, Xu, Wang & Zhang,
 * KDD 2025; see spectrum_shift.ts).
 *
 * L is the mean of t^(k+1) P_k(S) E over the degrees k from 0, with P_k the Jacobi polynomials and t = s tanh(1/s), a
 * coefficient that stays as it is; H = [ L | αE − L ]. Loss: BPR and a penalty on the halved squares of the batch's
 * rows of E. The recurrence is the standard one, without the flipped sign of JGCF's code (jgcf.ts).
 *
 * @module
 */
import type { Dataset } from "../../data/dataset.ts";
import type { PreparationOptions } from "../../features/preparation.ts";
import type { GpuDevice } from "../../gpu/device.ts";
import { createTensor } from "../../gpu/tensor.ts";
import { frequencyBands, joinBands } from "../../ops/graphs/frequency_bands.ts";
import { uploadSparse } from "../../ops/graphs/packed_matrix.ts";
import {
  meanOfPolynomials,
  polynomialConvolution,
} from "../../ops/graphs/polynomial_convolution.ts";
import { bprLoss } from "../../ops/losses/bpr_loss.ts";
import { normPenaltyOfBatch } from "../../ops/losses/norm_penalty.ts";
import { lossTerms } from "../../tape/loss_term.ts";
import { defineModel, type Preset } from "../define_model.ts";
import { stackedTables, xavierNormal } from "../initial_values.ts";
import { jacobiSteps } from "../jgcf.ts";
import type { ModelKind, ModelParts } from "../model.ts";
import { EMBEDDING_WIDTH, type SettingsOf } from "../settings.ts";
import { SHOP } from "../shared_presets.ts";
import {
  IMAGE_WEIGHT,
  NEIGHBORS,
  SCALE,
  SHIFT,
  shiftedGraph,
  shiftedSteps,
} from "./spectrum_shift.ts";

const settings = {
  dim: EMBEDDING_WIDTH,
  layers: { default: 3, from: 1, whole: true, help: "degree of the highest polynomial (K)" },
  a: { default: 1, above: -1, help: "first parameter of the Jacobi polynomials" },
  b: { default: 1, above: -1, help: "second parameter of the Jacobi polynomials" },
  scaling: { default: 5, above: 0, help: "s of the coefficient t = s tanh(min(1/s, 1))" },
  alpha: { default: 0, from: 0, help: "weight of E where low frequencies are taken out (α)" },
  regWeight: {
    default: 1e-2,
    from: 0,
    help: "weight of the penalty on the halved squares of the batch's embeddings",
  },
  neighbors: NEIGHBORS,
  shift: SHIFT,
  scale: SCALE,
  imageWeight: IMAGE_WEIGHT,
} as const;

/** The presets are those of the authors' configuration files. */
export const jgcfSsc: ModelKind<SettingsOf<typeof settings>> = defineModel({
  name: "jgcf_ssc",
  title: "JGCF-SSC (He et al., KDD 2025)",
  settings,
  presets: {
    baby: published({ neighbors: 5, shift: 0.05, scale: 0.85, a: 1, b: 1, regWeight: 1e-2 }),
    sports: published({ neighbors: 5, shift: 0.05, scale: 0.85, a: 0.5, b: 0.5, regWeight: 1e-3 }),
    electronics: published({ neighbors: 5, shift: 0, scale: 0.75, a: 1, b: 1, regWeight: 1e-3 }),
    shop: SHOP,
  },
  create,
});

function published(model: Preset<typeof settings>["model"]): Preset<typeof settings> {
  const training = { learningRate: 1e-3, weightDecay: 0, batchSize: 2048, epochs: 500 };
  return { model, training, source: "the authors' configuration files" };
}

/** Uploads random embeddings (Xavier normal). */
async function create(
  gpu: GpuDevice,
  data: Dataset,
  { dim, scaling, alpha, regWeight, seed, ...filter }: SettingsOf<typeof settings>,
  options: PreparationOptions,
): Promise<ModelParts> {
  const { userCount, itemCount } = data;
  const matrix = await shiftedGraph(gpu, data, filter, options);
  using guard = new DisposableStack();
  const initial = stackedTables(xavierNormal, seed, data, dim);
  const embeddings = guard.use(
    createTensor(gpu, "embeddings", [userCount + itemCount, dim], initial),
  );
  const graph = guard.use(uploadSparse(gpu, "users and items", matrix));
  const t = scaling * Math.tanh(Math.min(1 / scaling, 1));
  const steps = shiftedSteps(jacobiSteps(filter, t, 1), filter);
  const terms = lossTerms({ bpr: 1, norms: regWeight });
  const resources = guard.move();
  return {
    parameters: { embeddings },
    lossTerms: terms,
    phases: [{
      name: "training step",
      record: (tape, { embeddings }, batch) => {
        const low = polynomialConvolution(tape, graph, steps, embeddings!, t);
        bprLoss(tape, frequencyBands(tape, low, embeddings!, alpha), batch, terms.bpr);
        normPenaltyOfBatch(tape, embeddings!, batch, terms.norms, userCount, true);
      },
    }],
    represent: (tape) => {
      const low = meanOfPolynomials(tape, graph, steps, embeddings, t);
      const h = joinBands(tape, low, embeddings, alpha);
      tape.release(low);
      return h;
    },
    [Symbol.dispose]: () => resources.dispose(),
  };
}
