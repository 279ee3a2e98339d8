/**
 * LightGCN-SSC: LightGCN on a graph with links between similar items, whose spectrum is shifted back (He, Xu, Wang &
 * Zhang, KDD 2025; see spectrum_shift.ts).
 *
 * H is the mean of E, SE, …, S^L E. Loss: BPR; weight decay is coupled (`--l2`), over all of E.
 *
 * @module
 */
import type { Dataset } from "../../data/dataset.ts";
import type { PreparationOptions } from "../../features/preparation.ts";
import type { GpuDevice } from "../../gpu/device.ts";
import { createTensor } from "../../gpu/tensor.ts";
import { bprLoss } from "../../ops/losses/bpr_loss.ts";
import { uploadSparse } from "../../ops/graphs/packed_matrix.ts";
import {
  meanOfPolynomials,
  polynomialConvolution,
} from "../../ops/graphs/polynomial_convolution.ts";
import { lossTerms } from "../../tape/loss_term.ts";
import { defineModel, type Preset } from "../define_model.ts";
import { stackedTables, xavierNormal } from "../initial_values.ts";
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
  layers: { default: 3, from: 0, whole: true, help: "layers of graph convolution (L)" },
  neighbors: NEIGHBORS,
  shift: SHIFT,
  scale: SCALE,
  imageWeight: IMAGE_WEIGHT,
} as const;

/** The presets are those of the authors' configuration files. */
export const lightgcnSsc: ModelKind<SettingsOf<typeof settings>> = defineModel({
  name: "lightgcn_ssc",
  title: "LightGCN-SSC (He et al., KDD 2025)",
  settings,
  presets: {
    baby: published(10, 0.05, 0.75, { learningRate: 5e-3, l2: 1e-6, batchSize: 2048 }),
    sports: published(5, 0.1, 0.7, { learningRate: 5e-3, l2: 1e-7, batchSize: 2048 }),
    electronics: published(10, 0, 0.55, { learningRate: 1e-3, l2: 1e-7, batchSize: 4096 }),
    shop: SHOP,
  },
  create,
});

function published(
  neighbors: number,
  shift: number,
  scale: number,
  training: { readonly learningRate: number; readonly l2: number; readonly batchSize: number },
): Preset<typeof settings> {
  return {
    model: { neighbors, shift, scale },
    training: { ...training, weightDecay: 0, epochs: 500 },
    source: "the authors' configuration files",
  };
}

/** Uploads random embeddings (Xavier normal). */
async function create(
  gpu: GpuDevice,
  data: Dataset,
  { dim, layers, seed, ...shifted }: SettingsOf<typeof settings>,
  options: PreparationOptions,
): Promise<ModelParts> {
  const rows = data.userCount + data.itemCount;
  const matrix = await shiftedGraph(gpu, data, shifted, options);
  using guard = new DisposableStack();
  const initial = stackedTables(xavierNormal, seed, data, dim);
  const embeddings = guard.use(createTensor(gpu, "embeddings", [rows, dim], initial));
  const graph = guard.use(uploadSparse(gpu, "users and items", matrix));
  const power = { product: 1, own: 0, earlier: 0 };
  const steps = shiftedSteps(new Array(layers).fill(power), shifted);
  const terms = lossTerms({ bpr: 1 });
  const resources = guard.move();
  return {
    parameters: { embeddings },
    lossTerms: terms,
    phases: [{
      name: "training step",
      record: (tape, { embeddings }, batch) =>
        bprLoss(tape, polynomialConvolution(tape, graph, steps, embeddings!), batch, terms.bpr),
    }],
    represent: (tape) => meanOfPolynomials(tape, graph, steps, embeddings),
    [Symbol.dispose]: () => resources.dispose(),
  };
}
