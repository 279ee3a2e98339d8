// The adjoint of softmax_rows.wgsl:
//
//     gradient_rj = share_rj · (share_gradient_rj − Σ_k share_rk · share_gradient_rk)
//
//   share, share_gradient, gradient   rows × width
//
// Dispatched by src/ops/rows/softmax_rows.ts, one invocation per row.

struct Params {
  rows: u32,
  width: u32,
}

@group(0) @binding(0) var<storage, read> share: array<f32>;
@group(0) @binding(1) var<storage, read> share_gradient: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

override workgroup_size: u32 = 64;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let r = invocation_index(here, workgroup_size);
  if (r >= params.rows) {
    return;
  }
  let first = r * params.width;
  let end = first + params.width;
  var mean = 0.0;
  for (var i = first; i < end; i++) {
    mean += share[i] * share_gradient[i];
  }
  for (var i = first; i < end; i++) {
    gradient[i] = share[i] * (share_gradient[i] - mean);
  }
}
