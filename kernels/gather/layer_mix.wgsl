// What a gather's sum becomes: one step of stepwise graph convolution in Horner form, all columns at once:
//
//     result = a ⊙ base + b ⊙ sum,   sum = A input
//
// The layer weights a and b act on columns and A acts on rows, so that columns never mix (paper, Eq. 1).
// Repeated L times from input = base = E with a = 1, b = β, and the last time with a = c, b = c·β,
// c = (1 − β) / (1 − β^(L+1)), it yields Σ_l α_l ⊙ A^l E: the forward stepwise convolution (Eqs. 1, 2),
// its adjoint (A is symmetric), and the backward stepwise convolution (Eqs. 4, 5).
//
//   base      rows × dim, as vec4
//   weights   a (dim), then b (dim)
//
// Bound by src/ops/graphs/buffer_passes.ts.

@group(0) @binding(17) var<storage, read> base: array<vec4f>;
@group(0) @binding(18) var<uniform> weights: array<vec4f, 512>; // of 1,024 columns at most

fn result_of(at: u32, c: u32, sum: vec4f) -> vec4f {
  return weights[c] * base[at] + weights[dim4 + c] * sum;
}
