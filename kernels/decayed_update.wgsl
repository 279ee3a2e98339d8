// AdamW's update with decoupled weight decay (Loshchilov & Hutter 2019, Algorithm 2; paper, Eq. 4):
//
//     parameter ← keep · parameter − learning_rate · direction,   keep = 1 − learning_rate · decay
//
//   direction   smoothed descent direction, as vec4 from 0 on
//   parameter   embeddings, likewise; updated from vec4 `first` on
//
// Dispatched by src/ops/adamw.ts.

struct Params {
  first: u32,
  vectors: u32, // vec4 to update
  keep: f32,
  learning_rate: f32,
}

@group(0) @binding(0) var<storage, read> direction: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> parameter: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let invocation = (workgroup.x * workgroups.y + workgroup.y) * workgroup_size + local;
  if (invocation >= params.vectors) {
    return;
  }
  let i = params.first + invocation;
  parameter[i] = params.keep * parameter[i] - params.learning_rate * direction[invocation];
}
