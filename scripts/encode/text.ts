/**
 * Text features of any catalogue: TF-IDF, reduced on the GPU.
 *
 * @module
 */
import { tfIdf } from "./text_features.ts";
import type { GpuDevice } from "../../src/gpu/device.ts";
import { truncatedSvd } from "./truncated_svd.ts";

/**
 * The TF-IDF of terms that occur in at least two texts, reduced to `dims` numbers per text by truncated
 * SVD (latent semantic analysis, Deerwester et al. 1990); texts × dims, row-major.
 *
 * @throws {InputError} when `dims` exceeds the number of texts or of terms.
 */
export async function textFeatures(
  gpu: GpuDevice,
  texts: readonly string[],
  dims: number,
): Promise<Float32Array<ArrayBuffer>> {
  return await truncatedSvd(gpu, tfIdf(texts, { minDocumentFrequency: 2 }).matrix, dims);
}
