/**
 * What a modality says, added to the scores of any model with no model in between: so that what a modality gives
 * and what an architecture gives can be told apart.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { mixedContent } from "../features/content_graph.ts";
import type { PreparationOptions } from "../features/preparation.ts";
import type { GpuDevice } from "../gpu/device.ts";
import { uploadCandidateRows } from "../ops/ranking/sparse_scores.ts";
import { valued } from "../sparse/matrix_sums.ts";
import type { ModelParts } from "./model.ts";

/**
 * The parts of a model whose scores get X Σ_m w_m T_m, of X the train interactions and T_m what is alike in a
 * modality (content_graph.ts). Takes the parts over.
 *
 * @param weights w by modality.
 * @throws {InputError} when a modality is not the dataset's.
 */
export async function withContent(
  gpu: GpuDevice,
  data: Dataset,
  parts: ModelParts,
  weights: Readonly<Record<string, number>>,
  options: PreparationOptions,
): Promise<ModelParts> {
  using guard = new DisposableStack();
  guard.use(parts);
  const graph = await mixedContent(gpu, data, weights, options);
  if (!graph) {
    guard.move();
    return parts;
  }
  const rows = guard.use(uploadCandidateRows(gpu, "content", graph));
  const resources = guard.move();
  return {
    ...parts,
    products: [...parts.products ?? [], { queries: valued(data.train), rows }],
    [Symbol.dispose]: () => resources.dispose(),
  };
}
