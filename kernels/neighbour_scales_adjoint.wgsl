// The adjoint of the row sums r that neighbour_scales.wgsl normalises with. Every learned entry in row or
// column i goes with r_i^−½, so that
//
//     sum_gradient_i = −½ · scale_i² · (Σ over row i + Σ over column i of gradient_e · value_e)
//
//   gradient, value        rows × degree, whose first `learned` entries of each row count
//   back_start, back_entry   the graph's transpose: rows + 1 offsets, and the place of each entry
//   scale, sum_gradient    one number per row
//
// Dispatched by src/ops/learned_graph/neighbour_weights.ts.

struct Params {
  rows: u32,
  degree: u32,
  learned: u32,
}

@group(0) @binding(0) var<storage, read> gradient: array<f32>;
@group(0) @binding(1) var<storage, read> value: array<f32>;
@group(0) @binding(2) var<storage, read> back_start: array<u32>;
@group(0) @binding(3) var<storage, read> back_entry: array<u32>;
@group(0) @binding(4) var<storage, read> scale: array<f32>;
@group(0) @binding(5) var<storage, read_write> sum_gradient: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  if (invocation >= params.rows) {
    return;
  }
  var sum = 0.0;
  let first = invocation * params.degree;
  for (var entry = first; entry < first + params.learned; entry++) {
    sum += gradient[entry] * value[entry];
  }
  for (var back = back_start[invocation]; back < back_start[invocation + 1u]; back++) {
    let entry = back_entry[back];
    if (entry % params.degree < params.learned) {
      sum += gradient[entry] * value[entry];
    }
  }
  sum_gradient[invocation] = -0.5 * scale[invocation] * scale[invocation] * sum;
}
