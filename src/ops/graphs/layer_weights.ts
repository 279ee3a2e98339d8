/**
 * The weights of stepwise convolution: how much each column of an embedding takes from each layer.
 *
 * @module
 */

/** Columns that the kernels' uniform of layer weights has room for, as kernels/gather/layer_mix.wgsl declares it. */
export const MOST_COLUMNS = 1024;

/** β_j = 0.9 · (1 − ((j − 1) / d)^γ) for j = 1 … d: the forward teleport ratios (paper, Eq. 2). */
export function forwardRatios(dim: number, gamma: number): Float64Array {
  return Float64Array.from({ length: dim }, (_, j) => 0.9 * (1 - (j / dim) ** gamma));
}

/** β'_j = 1 − β_j: the backward ratios, small where the forward ones are large (paper, Eq. 5). */
export function backwardRatios(dim: number, gamma: number): Float64Array {
  return forwardRatios(dim, gamma).map((beta) => 1 - beta);
}

/** (1 − β) / (1 − β^(L + 1)), by which the weights of all layers sum to 1; 1 / (L + 1) for β = 1. */
export function normalisation(beta: number, layers: number): number {
  // As a plain sum, exact also where β is next to 1.
  let sum = 0;
  for (let layer = 0; layer <= layers; layer++) sum += beta ** layer;
  return 1 / sum;
}

/** α_jl = (1 − β_j) / (1 − β_j^(L + 1)) · β_j^l, l = 0 … L, for one column (paper, Eq. 2). */
export function layerWeights(beta: number, layers: number): Float64Array {
  const scale = normalisation(beta, layers);
  return Float64Array.from({ length: layers + 1 }, (_, layer) => scale * beta ** layer);
}
