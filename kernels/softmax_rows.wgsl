// The softmax of every row:  output_rj = exp(x_rj − max_k x_rk) / Σ_k exp(x_rk − max_k x_rk)
//
//   x, output   rows × width
//
// Dispatched by src/ops/rows/softmax_rows.ts, one invocation per row: rows are many and short.

struct Params {
  rows: u32,
  width: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

override workgroup_size: u32 = 64;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let r = invocation_index(here, workgroup_size);
  if (r >= params.rows) {
    return;
  }
  let first = r * params.width;
  let end = first + params.width;
  var largest = x[first];
  for (var i = first + 1u; i < end; i++) {
    largest = max(largest, x[i]);
  }
  var sum = 0.0;
  for (var i = first; i < end; i++) {
    sum += exp(x[i] - largest);
  }
  for (var i = first; i < end; i++) {
    output[i] = exp(x[i] - largest) / sum;
  }
}
