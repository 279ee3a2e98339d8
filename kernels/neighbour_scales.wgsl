// How the learned half of a neighbour graph is normalised: with r_i the sum of row i,
//
//     scale_i = r_i^−½,  r_i = Σ_m share_m Σ_s similarity_(i, m, s)      0 unless r_i > 0
//
//   similarity   rows × (2 · modalities · k): the learned lists' k of each modality, then the fixed ones'
//   share        one number per modality
//   scale        one number per row
//
// Dispatched by src/ops/learned_graph/neighbour_weights.ts.

struct Params {
  rows: u32,
  modalities: u32,
  k: u32,
}

@group(0) @binding(0) var<storage, read> similarity: array<f32>;
@group(0) @binding(1) var<storage, read> share: array<f32>;
@group(0) @binding(2) var<storage, read_write> scale: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  if (invocation >= params.rows) {
    return;
  }
  let learned = params.modalities * params.k;
  var sum = 0.0;
  for (var place = 0u; place < learned; place++) {
    sum += share[place / params.k] * similarity[invocation * 2u * learned + place];
  }
  scale[invocation] = select(0.0, inverseSqrt(max(sum, 1e-30)), sum > 0.0);
}
