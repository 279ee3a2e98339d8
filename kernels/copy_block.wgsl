// Copies rows of one matrix to a place in another, scaled, replacing or added to what is there:
//
//     output_(to_row + r) = keep · output_(to_row + r) + scale · input_(from_row + r)
//
//   input    any rows × columns
//   output   any rows × columns; the rows beside those stay as they are
//
// Dispatched by src/ops/rows/combine.ts.

struct Params {
  rows: u32, // to copy
  columns: u32,
  from_row: u32,
  to_row: u32,
  scale: f32,
  keep: u32, // 0 or 1
}

@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let i = invocation_index(here, workgroup_size);
  if (i >= params.rows * params.columns) {
    return;
  }
  let source = params.from_row * params.columns + i;
  let place = params.to_row * params.columns + i;
  // Not read when replaced: memory that is reused may hold infinities.
  if (params.keep == 1u) {
    output[place] += params.scale * input[source];
  } else {
    output[place] = params.scale * input[source];
  }
}
