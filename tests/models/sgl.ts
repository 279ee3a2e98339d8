/**
 * A model from outside the library, written against its two entries alone: LightGCN with edge dropout and
 * contrast, as SGL-ED has them (Wu et al., SIGIR 2021, Eqs. 8–11).
 *
 * Every epoch leaves out random interactions twice. What the two remaining graphs make of the batch's
 * users and items is drawn together, while the loss of the whole graph ranks:
 *
 *     L = BPR(H) + λ (contrast of users + contrast of items) + λ₂ norms,   H = mean_l Ã^l E.
 *
 * Unlike SGL's, the contrast also keeps a slot from the others of its own view (contrastiveLoss).
 *
 * @module
 */
import type { Dataset } from "../../mod.ts";
import {
  bprLoss,
  contrastiveLoss,
  convolve,
  createRandom,
  createStepwiseConvolution,
  createTensor,
  defineModel,
  EMBEDDING_WIDTH,
  gatherBatch,
  type GpuDevice,
  interactionGraph,
  longestRow,
  lossTerms,
  type ModelParts,
  normaliseRows,
  normPenaltyOfBatch,
  replaceGraph,
  sampleEdges,
  type SparseMatrix,
  stackedTables,
  stepwiseConvolution,
  xavierUniform,
} from "../../src/ops/mod.ts";

export default defineModel({
  name: "sgl",
  title: "SGL with edge dropout (Wu et al., SIGIR 2021)",
  settings: {
    dim: EMBEDDING_WIDTH,
    layers: { default: 2, from: 1, whole: true, help: "layers of graph convolution" },
    dropout: { default: 0.1, from: 0, below: 1, help: "share of interactions that a view lacks" },
    contrastWeight: { default: 0.1, from: 0, help: "weight of the contrast (λ)" },
    tau: { default: 0.2, above: 0, help: "temperature of the contrast (τ)" },
    regWeight: { default: 1e-4, from: 0, help: "weight of the penalty on norms (λ₂)" },
  },
  presets: {
    baby: {
      model: {},
      training: { learningRate: 0.01, weightDecay: 0, batchSize: 512, epochs: 100, patience: 5 },
      source: "nothing: tests need no best settings",
    },
  },
  create,
});

interface Settings {
  readonly dim: number;
  readonly layers: number;
  readonly dropout: number;
  readonly contrastWeight: number;
  readonly tau: number;
  readonly regWeight: number;
  readonly seed: number;
}

function create(
  gpu: GpuDevice,
  { train, userCount, itemCount }: Dataset,
  settings: Settings,
): ModelParts {
  const { dim, layers, dropout, contrastWeight, tau, regWeight, seed } = settings;
  const evenly = new Float64Array(train.column.length).fill(1);
  const kept = Math.max(1, Math.round(train.column.length * (1 - dropout)));
  const view = (epoch: number, index: number): SparseMatrix =>
    interactionGraph(sampleEdges(train, evenly, kept, createRandom(seed, epoch, index)));
  const ratios = new Float64Array(dim).fill(1);
  const whole = interactionGraph(train);
  using guard = new DisposableStack();
  const over = (label: string, graph: SparseMatrix) =>
    guard.use(
      createStepwiseConvolution(gpu, label, graph, ratios, layers, longestRow(whole.rowStart)),
    );
  const adjacency = over("adjacency", whole);
  const views = [over("first view", view(1, 0)), over("second view", view(1, 1))] as const;
  const initial = stackedTables(xavierUniform, seed, { userCount, itemCount }, dim);
  const embeddings = guard.use(
    createTensor(gpu, "embeddings", [userCount + itemCount, dim], initial),
  );
  const terms = lossTerms({
    bpr: 1,
    users: contrastWeight,
    items: contrastWeight,
    norms: regWeight,
  });
  const resources = guard.move();
  return {
    parameters: { embeddings },
    lossTerms: terms,
    beginEpoch: (epoch) =>
      views.forEach((convolution, index) => replaceGraph(convolution, view(epoch, index))),
    phases: [{
      name: "training step",
      record: (tape, { embeddings }, batch) => {
        bprLoss(tape, stepwiseConvolution(tape, adjacency, embeddings!, batch), batch, terms.bpr);
        normPenaltyOfBatch(tape, embeddings!, batch, terms.norms, userCount);
        const seen = views.map((convolution) =>
          stepwiseConvolution(tape, convolution, embeddings!)
        );
        for (const [list, term] of [["user", terms.users], ["positive", terms.items]] as const) {
          const [a, b] = seen.map((h) =>
            normaliseRows(tape, gatherBatch(tape, h, batch, [list], { firstRow: 0, userCount }))
          );
          contrastiveLoss(tape, a!, b!, batch, term, tau);
        }
      },
    }],
    represent: (tape) => convolve(tape, adjacency, embeddings),
    [Symbol.dispose]: () => resources.dispose(),
  };
}
