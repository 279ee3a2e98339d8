/**
 * LightGCN: Simplifying and Powering Graph Convolution Network for Recommendation (He et al., SIGIR 2020).
 *
 * H is the mean of E, ÃE, …, Ã^L E: a stepwise convolution whose ratio is 1 in every column. With no
 * layers it is matrix factorisation trained with BPR (Rendle et al., UAI 2009), under the name mf_bpr.
 * Embeddings start from N(0, 1e-4²) and decay with AdamW, as in the STAIR authors' own benchmarks.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { createTensor } from "../gpu/tensor.ts";
import { uploadSparse } from "../ops/sparse_tensor.ts";
import { createStepwiseConvolution, stepwiseConvolution } from "../ops/stepwise_convolution.ts";
import { createRandom, normal } from "../random.ts";
import type { SparsePattern } from "../sparse/csr.ts";
import { interactionGraph } from "../sparse/graphs.ts";
import { type Model, requireShape } from "./model.ts";

/** Settings of LightGCN. */
export interface LightGcnSettings {
  /** Embedding width, a multiple of 4 up to 256. */
  readonly dim: number;
  /** Layers; none makes it matrix factorisation. */
  readonly layers: number;
  /** Seed of the initial embeddings. */
  readonly seed: number;
}

/** Standard deviation of initial embeddings. */
const INITIAL_DEVIATION = 1e-4;

/** Seeds a stream of their own beside the seed; the epochs' streams have the epoch in its place. */
const INITIAL_STREAM = 0x11647c;

/**
 * Uploads LightGCN with random embeddings.
 *
 * @throws {InputError} when a setting is out of range.
 */
export function createLightGcn(gpu: Gpu, train: SparsePattern, settings: LightGcnSettings): Model {
  requireShape(settings);
  const { dim, layers, seed } = settings;
  const { rowCount: userCount, columnCount: itemCount } = train;
  const shape = [userCount + itemCount, dim];
  const random = createRandom(seed, INITIAL_STREAM);
  const initial = Float32Array.from(
    { length: (userCount + itemCount) * dim },
    () => INITIAL_DEVIATION * normal(random),
  );
  using guard = new DisposableStack();
  const embeddings = guard.use(createTensor(gpu, "embeddings", shape, initial));
  const graph = guard.use(uploadSparse(gpu, "adjacency", interactionGraph(train)));
  const ratios = new Float64Array(dim).fill(1);
  const convolution = guard.use(createStepwiseConvolution(gpu, graph, ratios, layers));
  const resources = guard.move();
  return {
    name: layers === 0 ? "mf_bpr" : "lightgcn",
    userCount,
    itemCount,
    embeddings,
    settings: { ...settings },
    represent: (tape, embeddings, batches) =>
      stepwiseConvolution(tape, convolution, embeddings, batches),
    [Symbol.dispose]: () => resources.dispose(),
  };
}
