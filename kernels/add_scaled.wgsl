// Adds a multiple of one array to another:  target_i ← target_i + scale · source_i
//
//   source, total   `elements` numbers each
//
// Dispatched by src/ops/gradient.ts: gradients of a value used twice, and coupled weight decay.

struct Params {
  elements: u32,
  scale: f32,
}

@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read_write> total: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (workgroup.x * workgroups.y + workgroup.y) * workgroup_size + local;
  if (i < params.elements) {
    total[i] += params.scale * source[i];
  }
}
