/**
 * JGCF: On Manipulating Signals of User-Item Graph: A Jacobi Polynomial-based Graph Collaborative
 * Filtering (Guo, Du, Chen, Ma, Fu, Han, Zhang & Zhang, KDD 2023).
 *
 * L is the mean of Jacobi polynomials P_0(Ã) E, …, P_K(Ã) E: it lets low and high frequencies of the graph
 * pass. H is [ L | αE − L ], so that what L keeps back, the middle frequencies, stands beside it. The loss
 * is −mean log(1e-10 + σ(⟨h_u, h_p⟩ − ⟨h_u, h_n⟩)) plus a penalty on the batch's rows of E.
 *
 * It follows the authors' code (SpaceLearner/JGCF@ee1c9c2) where that departs from the paper:
 *
 * - Each step of the recurrence is damped with a coefficient that the paper learns and the code keeps at
 *   its initial value, 3 tanh(1/3).
 * - From the second degree on, P_(k−1) itself counts with the opposite sign of the Jacobi recurrence. Where
 *   a = b this makes no difference.
 * - The middle frequencies pass through no nonlinearity.
 * - The penalty is on plain Frobenius norms; `squaredPenalty` has their squares (the code's require_pow,
 *   which no published configuration sets).
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { GpuDevice } from "../gpu/device.ts";
import { createTensor } from "../gpu/tensor.ts";
import { BPR_GAMMA, bprLoss } from "../ops/losses/bpr_loss.ts";
import { frequencyBands, joinBands } from "../ops/graphs/frequency_bands.ts";
import { lossTerms } from "../tape/loss_term.ts";
import { normPenaltyOfBatch } from "../ops/losses/norm_penalty.ts";
import {
  meanOfPolynomials,
  polynomialConvolution,
  type RecurrenceStep,
} from "../ops/graphs/polynomial_convolution.ts";
import { uploadSparse } from "../ops/graphs/packed_matrix.ts";
import { interactionGraph } from "../sparse/graphs.ts";
import { defineModel } from "./define_model.ts";
import { stackedTables, xavierUniform } from "./initial_values.ts";
import type { ModelKind, ModelParts } from "./model.ts";
import { EMBEDDING_WIDTH, type SettingsOf } from "./settings.ts";
import { SHOP } from "./shared_presets.ts";

const settings = {
  dim: { ...EMBEDDING_WIDTH, help: "width of E; H is twice as wide" },
  layers: { default: 3, from: 0, whole: true, help: "degree of the highest polynomial (K)" },
  a: { default: 1, above: -1, help: "first parameter of the Jacobi polynomials" },
  b: { default: 1, above: -1, help: "second parameter of the Jacobi polynomials" },
  alpha: {
    default: 0.1,
    from: 0,
    help: "weight of the embeddings where low frequencies are taken out (α)",
  },
  regWeight: {
    default: 1e-4,
    from: 0,
    help: "weight of the penalty on the norms of the batch's embeddings",
  },
  squaredPenalty: { default: false, help: "whether the penalty is on halved squares of norms" },
} as const;

/** All settings of JGCF. */
export type JgcfSettings = SettingsOf<typeof settings>;

/**
 * Nothing is published for the Amazon datasets: a = b = 1 are the authors' settings for CiteULike, the only
 * ones of theirs where the sign does not matter. K = 3 is in most of their files, α and the penalty's weight
 * in all. They evaluate every ten epochs and stop after five evaluations without a better one, which are ten
 * of ours.
 */
export const jgcf: ModelKind<SettingsOf<typeof settings>> = defineModel({
  name: "jgcf",
  title: "JGCF (Guo et al., KDD 2023)",
  settings,
  presets: {
    baby: {
      model: {},
      training: { learningRate: 1e-3, weightDecay: 0, batchSize: 4096, epochs: 1000, patience: 10 },
      source:
        "the authors' code for CiteULike, where 5 evaluations each 10 epochs apart are 10 of ours",
    },
    shop: SHOP,
  },
  create,
});

/** Uploads random embeddings (Xavier uniform). */
function create(gpu: GpuDevice, data: Dataset, settings: JgcfSettings): ModelParts {
  const { dim, alpha, regWeight, squaredPenalty, seed } = settings;
  const { train, userCount, itemCount } = data;
  const initial = stackedTables(xavierUniform, seed, data, dim);
  using guard = new DisposableStack();
  const embeddings = guard.use(
    createTensor(gpu, "embeddings", [userCount + itemCount, dim], initial),
  );
  const graph = guard.use(uploadSparse(gpu, "adjacency", interactionGraph(train)));
  const steps = jacobiSteps(settings);
  const terms = lossTerms({ bpr: 1, norms: regWeight });
  const resources = guard.move();
  return {
    parameters: { embeddings },
    lossTerms: terms,
    phases: [{
      name: "training step",
      record: (tape, { embeddings }, batch) => {
        const low = polynomialConvolution(tape, graph, steps, embeddings!);
        const h = frequencyBands(tape, low, embeddings!, alpha);
        bprLoss(tape, h, batch, terms.bpr, BPR_GAMMA);
        normPenaltyOfBatch(tape, embeddings!, batch, terms.norms, userCount, squaredPenalty);
      },
    }],
    represent: (tape) => {
      const low = meanOfPolynomials(tape, graph, steps, embeddings);
      const h = joinBands(tape, low, embeddings, alpha);
      tape.release(low);
      return h;
    },
    [Symbol.dispose]: () => resources.dispose(),
  };
}

/** Factor of each step of the recurrence, 3 tanh(1/3). */
export const DAMPING = 3 * Math.tanh(1 / 3);

/**
 * How Jacobi polynomials follow from each other up to degree `layers`, as the authors' code has it:
 *
 *     P_1 = g ((a + b + 2) / 2 · Ã + (a − b) / 2)
 *     c_0 P_k = g c_1 Ã P_(k−1) ∓ g c_2 P_(k−1) − g² c_3 P_(k−2)
 *
 * with s = 2k + a + b, c_0 = 2k (k + a + b) (s − 2), c_1 = (s − 1) s (s − 2), c_2 = (s − 1) (a² − b²),
 * c_3 = 2 (k − 1 + a) (k − 1 + b) s and g the damping.
 *
 * @param sign Of c_2: 1 as it is known, −1 in that code.
 */
export function jacobiSteps(
  { a, b, layers }: Pick<JgcfSettings, "a" | "b" | "layers">,
  g: number = DAMPING,
  sign: 1 | -1 = -1,
): RecurrenceStep[] {
  return Array.from({ length: layers }, (_, index): RecurrenceStep => {
    const k = index + 1, s = 2 * k + a + b;
    if (k === 1) return { product: g * s / 2, own: g * (a - b) / 2, earlier: 0 };
    const divisor = 2 * k * (k + a + b) * (s - 2);
    return {
      product: g * (s - 1) * s * (s - 2) / divisor,
      own: sign * g * (s - 1) * (a ** 2 - b ** 2) / divisor,
      earlier: -(g ** 2) * 2 * (k - 1 + a) * (k - 1 + b) * s / divisor,
    };
  });
}
