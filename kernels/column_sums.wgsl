// Sums over the rows of a matrix, in parts:
//
//     sum_(part, c) = Σ_r x_rc     over the part's rows
//
// One invocation walks one column of one part.
//
//   x     rows × columns
//   sum   parts × columns
//
// Dispatched by src/ops/rows/matrix_product.ts; sum_parts.wgsl adds up the parts.

struct Params {
  rows: u32,
  columns: u32,
  parts: u32,
  part_rows: u32, // rows in a part
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> sum: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let i = invocation_index(here, workgroup_size);
  let part = i / params.columns;
  let column = i % params.columns;
  if (part >= params.parts) {
    return;
  }
  var total = 0.0;
  let end = min((part + 1u) * params.part_rows, params.rows);
  for (var row = part * params.part_rows; row < end; row++) {
    total += x[row * params.columns + column];
  }
  sum[i] = total;
}
