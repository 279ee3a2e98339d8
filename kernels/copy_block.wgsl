// Copies a block of one matrix to a place in another, scaled, replacing or added to what is there:
//
//     output_(to_row + r, to_column + c) = keep · output_… + scale · input_(from_row + r, from_column + c)
//
//   input    any rows × input_width
//   output   any rows × output_width; what is beside the block stays as it is
//
// Dispatched by src/ops/combine.ts.

struct Params {
  rows: u32, // of the block
  columns: u32,
  from_row: u32,
  from_column: u32,
  input_width: u32,
  to_row: u32,
  to_column: u32,
  output_width: u32,
  scale: f32,
  keep: u32, // 0 or 1
}

@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (workgroup.y * workgroups.x + workgroup.x) * workgroup_size + local;
  let r = i / params.columns;
  let c = i % params.columns;
  if (r >= params.rows) {
    return;
  }
  let source = (params.from_row + r) * params.input_width + params.from_column + c;
  let place = (params.to_row + r) * params.output_width + params.to_column + c;
  // Not read when replaced: memory that is reused may hold infinities.
  if (params.keep == 1u) {
    output[place] += params.scale * input[source];
  } else {
    output[place] = params.scale * input[source];
  }
}
