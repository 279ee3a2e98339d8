// The entries of a neighbour graph, the learned half normalised after mixing the modalities, the fixed
// half only mixed:
//
//     value_e = learned_part · share_m · similarity_e · scale_i · scale_j      in the learned half
//     value_e = (1 − learned_part) · share_m · similarity_e                    in the fixed half
//
//   column, similarity, value   rows × (2 · modalities · k): the learned lists' k of each modality, then
//                               the fixed ones'
//   share                       one number per modality
//   scale                       one number per row, of neighbour_scales.wgsl
//
// Dispatched by src/ops/learned_graph/neighbour_weights.ts, one invocation per entry.

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
@group(0) @binding(4) var<storage, read_write> value: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  let degree = 2u * params.modalities * params.k;
  let row = invocation / degree;
  if (row >= params.rows) {
    return;
  }
  let block = invocation % degree / params.k;
  let mixed = share[block % params.modalities] * similarity[invocation];
  if (block < params.modalities) {
    value[invocation] = params.learned_part * mixed * scale[row] * scale[column[invocation]];
  } else {
    value[invocation] = (1.0 - params.learned_part) * mixed;
  }
}
