// Scales rows to length 1:
//
//     length_r = √(Σ_j x_rj²),   output_rj = x_rj / max(length_r, epsilon)
//
// `lanes` invocations share a row and add up their sums as a tree: the order is fixed.
//
//   x, output    rows × width
//   row_length   one number per row
//
// Dispatched by src/ops/rows/normalise_rows.ts; normalise_rows_adjoint.wgsl is its adjoint.

struct Params {
  rows: u32,
  width: u32,
  epsilon: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> row_length: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

override lanes: u32 = 1; // a power of two, up to the workgroup's size
override workgroup_size: u32 = 64;
var<workgroup> sums: array<f32, workgroup_size>;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  let r = invocation / lanes;
  let lane = here.local % lanes;
  // Invocations beyond the rows have nothing to walk, but meet the others at the barriers.
  let width = select(0u, params.width, r < params.rows);
  let start = r * params.width;
  var sum = 0.0;
  for (var j = lane; j < width; j += lanes) {
    sum += x[start + j] * x[start + j];
  }
  sums[here.local] = sum;
  for (var half = lanes / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      sums[here.local] += sums[here.local + half];
    }
  }
  workgroupBarrier();
  let length = sqrt(sums[here.local - lane]);
  for (var j = lane; j < width; j += lanes) {
    output[start + j] = x[start + j] / max(length, params.epsilon);
  }
  if (lane == 0u && r < params.rows) {
    row_length[r] = length;
  }
}
