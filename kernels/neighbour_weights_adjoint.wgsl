// The adjoint of neighbour_weights.wgsl. With w_e = dLoss/d(share_m · similarity_e), which is
//
//     learned_part · gradient_e · scale_i · scale_j + sum_gradient_i      in the learned half,
//     (1 − learned_part) · gradient_e                                     in the fixed half,
//
//     similarity_gradient_e = share_m · w_e
//     share_part_(i, m) = Σ w_e · similarity_e      over row i's entries of modality m, of both halves
//
//   column, similarity, gradient, similarity_gradient   rows × (2 · modalities · k)
//   share                 one number per modality
//   scale, sum_gradient   one number per row
//   share_part            rows × modalities, to be added up over rows
//
// Dispatched by src/ops/learned_graph/neighbour_weights.ts, one invocation per row and modality.

struct Params {
  rows: u32,
  modalities: u32,
  k: u32,
  learned_part: f32,
}

@group(0) @binding(0) var<storage, read> column: array<u32>;
@group(0) @binding(1) var<storage, read> similarity: array<f32>;
@group(0) @binding(2) var<storage, read> share: array<f32>;
@group(0) @binding(3) var<storage, read> scale: array<f32>;
@group(0) @binding(4) var<storage, read> sum_gradient: array<f32>;
@group(0) @binding(5) var<storage, read> gradient: array<f32>;
@group(0) @binding(6) var<storage, read_write> similarity_gradient: array<f32>;
@group(0) @binding(7) var<storage, read_write> share_part: array<f32>;
@group(0) @binding(8) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  let row = invocation / params.modalities;
  if (row >= params.rows) {
    return;
  }
  let modality = invocation % params.modalities;
  let learned = (row * 2u * params.modalities + modality) * params.k;
  let fixed = learned + params.modalities * params.k;
  var part = 0.0;
  for (var s = 0u; s < params.k; s++) {
    let entry = learned + s;
    let normalised = scale[row] * scale[column[entry]];
    let w = params.learned_part * gradient[entry] * normalised + sum_gradient[row];
    similarity_gradient[entry] = share[modality] * w;
    part += w * similarity[entry];
  }
  for (var s = 0u; s < params.k; s++) {
    let entry = fixed + s;
    let w = (1.0 - params.learned_part) * gradient[entry];
    similarity_gradient[entry] = share[modality] * w;
    part += w * similarity[entry];
  }
  share_part[invocation] = part;
}
