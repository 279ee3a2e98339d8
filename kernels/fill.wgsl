// Sets every element of an array to one number:  target_i = number
//
//   total   as vec4: what fills up the last one is set, too
//
// Dispatched by src/ops/gradient.ts, before rows of a gradient are added up.

struct Params {
  vectors: u32,
  number: f32,
}

@group(0) @binding(0) var<storage, read_write> total: array<vec4f>;
@group(0) @binding(1) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (workgroup.x * workgroups.y + workgroup.y) * workgroup_size + local;
  if (i < params.vectors) {
    total[i] = vec4f(params.number);
  }
}
