// Copies elements in another order:  output_i = source_(place_i)
//
//   place    `elements` places in `source`
//   source   an array
//   output   `elements` numbers
//
// Dispatched by src/ops/learned_graph/neighbour_graph.ts, src/ops/ranking/pick_rows.ts and
// src/ops/least_squares/large_matrix.ts.

struct Params {
  elements: u32,
}

@group(0) @binding(0) var<storage, read> place: array<u32>;
@group(0) @binding(1) var<storage, read> source: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  if (invocation < params.elements) {
    output[invocation] = source[place[invocation]];
  }
}
