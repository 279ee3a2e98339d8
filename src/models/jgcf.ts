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
import type { Gpu } from "../gpu/device.ts";
import { createTensor } from "../gpu/tensor.ts";
import { InputError } from "../input_error.ts";
import { BPR_GAMMA, bprLoss } from "../ops/losses/bpr_loss.ts";
import { frequencyBands, joinBands } from "../ops/graphs/frequency_bands.ts";
import { lossTerms } from "../tape/loss_term.ts";
import { batchNormPenalty } from "../ops/losses/norm_penalty.ts";
import {
  meanOfPolynomials,
  polynomialConvolution,
  type RecurrenceStep,
} from "../ops/graphs/polynomial_convolution.ts";
import { uploadSparse } from "../ops/graphs/sparse_tensor.ts";
import { interactionGraph } from "../sparse/graphs.ts";
import { stackedTables, xavierUniform } from "./initial_values.ts";
import {
  type Model,
  type ModelKind,
  requireAtLeast,
  requireShape,
  type TrainingData,
} from "./model.ts";

/** Settings of JGCF. */
export interface JgcfSettings {
  /** Width of E, a multiple of 4 up to 256; H is twice as wide. */
  readonly dim: number;
  /** Degree of the highest polynomial (K). */
  readonly layers: number;
  /** First parameter of the Jacobi polynomials, above −1. */
  readonly a: number;
  /** Second parameter likewise. */
  readonly b: number;
  /** How much of E the middle frequencies are taken from. */
  readonly alpha: number;
  /** Weight of the penalty. */
  readonly regWeight: number;
  /** Whether the penalty is on halved squares of norms in the place of norms. */
  readonly squaredPenalty: boolean;
  /** Seed of the initial embeddings. */
  readonly seed: number;
}

/** What damps each step of the recurrence. */
export const DAMPING = 3 * Math.tanh(1 / 3);

/**
 * How Jacobi polynomials follow from each other up to degree `layers`, as the authors' code has it:
 *
 *     P_1 = g ((a + b + 2) / 2 · Ã + (a − b) / 2)
 *     c_0 P_k = g c_1 Ã P_(k−1) − g c_2 P_(k−1) − g² c_3 P_(k−2)
 *
 * with s = 2k + a + b, c_0 = 2k (k + a + b) (s − 2), c_1 = (s − 1) s (s − 2), c_2 = (s − 1) (a² − b²),
 * c_3 = 2 (k − 1 + a) (k − 1 + b) s and g the damping.
 */
export function jacobiSteps(
  { a, b, layers }: Pick<JgcfSettings, "a" | "b" | "layers">,
): RecurrenceStep[] {
  const g = DAMPING;
  return Array.from({ length: layers }, (_, index): RecurrenceStep => {
    const k = index + 1, s = 2 * k + a + b;
    if (k === 1) return { product: g * s / 2, own: g * (a - b) / 2, earlier: 0 };
    const divisor = 2 * k * (k + a + b) * (s - 2);
    return {
      product: g * (s - 1) * s * (s - 2) / divisor,
      own: -g * (s - 1) * (a ** 2 - b ** 2) / divisor,
      earlier: -(g ** 2) * 2 * (k - 1 + a) * (k - 1 + b) * s / divisor,
    };
  });
}

/**
 * Uploads JGCF with random embeddings (Xavier uniform).
 *
 * @throws {InputError} when a setting is out of range.
 */
export function createJgcf(gpu: Gpu, dataset: TrainingData, settings: JgcfSettings): Model {
  requireSettings(settings);
  const { dim, alpha, regWeight, squaredPenalty, seed } = settings;
  const { train, userCount, itemCount } = dataset;
  const initial = stackedTables(xavierUniform, seed, dataset, dim);
  using guard = new DisposableStack();
  const embeddings = guard.use(
    createTensor(gpu, "embeddings", [userCount + itemCount, dim], initial),
  );
  const graph = guard.use(uploadSparse(gpu, "adjacency", interactionGraph(train)));
  const steps = jacobiSteps(settings);
  const terms = lossTerms({ bpr: 1, norms: regWeight });
  const resources = guard.move();
  return {
    name: "jgcf",
    userCount,
    itemCount,
    parameters: { embeddings },
    settings: { ...settings },
    lossTerms: terms,
    phases: [{
      name: "training step",
      record: (tape, { embeddings }, batch) => {
        const low = polynomialConvolution(tape, graph, steps, embeddings!);
        const h = frequencyBands(tape, low, embeddings!, alpha);
        bprLoss(tape, h, batch, terms.bpr, BPR_GAMMA);
        batchNormPenalty(tape, embeddings!, batch, userCount, terms.norms, squaredPenalty);
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

function requireSettings(settings: JgcfSettings): void {
  requireShape(settings);
  for (const name of ["a", "b"] as const) {
    const value = settings[name];
    if (!(value > -1 && value < Infinity)) {
      throw new InputError(`${name} is ${value}, but must be finite and above -1.`);
    }
  }
  requireAtLeast("alpha", settings.alpha, 0);
  requireAtLeast("reg-weight", settings.regWeight, 0);
  if (typeof settings.squaredPenalty !== "boolean") {
    throw new InputError(
      `squared-penalty is ${settings.squaredPenalty}, but must be true or false.`,
    );
  }
}

/**
 * JGCF as it is offered to people. Nothing is published for the Amazon datasets: a = b = 1 are the authors'
 * settings for CiteULike, the only ones of theirs where the sign does not matter. K = 3 is in most of their
 * files, α and the penalty's weight in all. They evaluate every ten epochs and stop after five evaluations
 * without a better one, which are ten of ours.
 */
export const jgcf: ModelKind = {
  title: "JGCF (Guo et al., KDD 2023)",
  settings: {
    dim: { value: 64, help: "width of the embeddings, a multiple of 4 up to 256" },
    layers: { value: 3, help: "degree of the highest polynomial" },
    a: { value: 1, help: "first parameter of the Jacobi polynomials, above -1" },
    b: { value: 1, help: "second parameter of the Jacobi polynomials, above -1" },
    alpha: { value: 0.1, help: "weight of the embeddings where low frequencies are taken out" },
    regWeight: {
      value: 1e-4,
      help: "weight of the penalty on the norms of the batch's embeddings",
    },
    squaredPenalty: { value: false, help: "whether the penalty is on squares of norms" },
  },
  presets: {
    baby: {
      model: {},
      training: {
        learningRate: 1e-3,
        weightDecay: 0,
        batchSize: 4096,
        epochs: 1000,
        patience: 10,
      },
    },
    shop: {
      model: {},
      training: { learningRate: 0.01, weightDecay: 0, batchSize: 512, epochs: 200, patience: 5 },
    },
  },
  create: (gpu, dataset, settings) => createJgcf(gpu, dataset, settings as unknown as JgcfSettings),
};
