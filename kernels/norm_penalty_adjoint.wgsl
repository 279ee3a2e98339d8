// The adjoint of norm_penalty.wgsl over one range:
//
//     gradient_i ← gradient_i + weight / divisor · x_i / norm_range     0 where the norm is
//
//   clock         number of the batch within the epoch, and since training was set up
//   norm          one number per range
//   x, gradient   arrays, read and changed in [first, first + elements)
//
// Dispatched by src/ops/losses/norm_penalty.ts.

struct Params {
  range: u32,
  first: u32,
  elements: u32,
  weight: f32,
  divisor: f32, // 0 for the length of the batch
  triples: u32, // in the epoch
  batch_size: u32,
}

@group(0) @binding(0) var<storage, read> clock: array<u32>;
@group(0) @binding(1) var<storage, read> norm: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let invocation = (workgroup.x * workgroups.y + workgroup.y) * workgroup_size + local;
  if (invocation >= params.elements || norm[params.range] == 0.0) {
    return;
  }
  let i = params.first + invocation;
  let length = min(params.batch_size, params.triples - clock[0] * params.batch_size);
  let divisor = select(params.divisor, f32(length), params.divisor == 0.0);
  gradient[i] += params.weight / divisor * x[i] / norm[params.range];
}
