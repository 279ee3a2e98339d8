// What a sum becomes: a similarity of two rows that have something in common,
//
//     similarity = (sum / (scale_query · scale_candidate + shrinkage)) ^ power
//
// The cosine is this, where scales are norms; shrinkage has pairs with little in common count less. Where the sum is
// not above 0 nothing is left to be listed.
//
//   query_scale       per query
//   candidate_scale   per candidate, as vec4
//
// Bound by src/ops/ranking/sparse_scores.ts.

@group(0) @binding(10) var<storage, read> query_scale: array<f32>;
@group(0) @binding(11) var<storage, read> candidate_scale: array<vec4f>;

override shrinkage: f32;
override power: f32;

// As in mask_seen.wgsl.
const nothing_in_common = -3.4e38;

fn score_of(query: u32, candidate: u32, sum: vec4f, at: u32) -> vec4f {
  let shares = sum / (query_scale[query] * candidate_scale[candidate / 4u] + shrinkage);
  var similarity = shares;
  if (power != 1.0) {
    similarity = pow(max(shares, vec4f()), vec4f(power));
  }
  return select(vec4f(nothing_in_common), similarity, sum > vec4f());
}
