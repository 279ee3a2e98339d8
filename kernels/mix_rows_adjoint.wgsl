// The adjoint of mix_rows.wgsl, with d = dL/doutput and m over the blocks:
//
//     a_gradient_t = Σ_m share_(m · B + t) · d_(m · B + t)
//     b_gradient_r = (1 − share_r) · d_r
//
//   share           one number per row of b
//   direction       rows × width, d; rows a multiple of the batch size B
//   a_gradient      B × width, written
//   b_gradient      rows × width, written
//
// Dispatched by src/ops/rows/mix_rows.ts, one invocation per element of a.

struct Params {
  rows: u32,
  width: u32,
  batch_size: u32,
}

@group(0) @binding(0) var<storage, read> share: array<f32>;
@group(0) @binding(1) var<storage, read> direction: array<f32>;
@group(0) @binding(2) var<storage, read_write> a_gradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> b_gradient: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let at = invocation_index(here, workgroup_size);
  let slot = at / params.width;
  if (slot >= params.batch_size) {
    return;
  }
  var sum = 0.0;
  for (var r = slot; r < params.rows; r += params.batch_size) {
    let i = r * params.width + at % params.width;
    sum += share[r] * direction[i];
    b_gradient[i] = (1.0 - share[r]) * direction[i];
  }
  a_gradient[at] = sum;
}
