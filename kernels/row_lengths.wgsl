// How far rows are from length 1:
//
//     length_r = √(Σ_j x_rj²),   penalty_r = (length_r − 1)²
//
// A workgroup walks a row and adds up its invocations' sums as a tree: the order is fixed.
//
//   x                     rows × width
//   row_length, penalty   one number per row
//
// Dispatched by src/ops/losses/gradient_penalty.ts, a workgroup per row.

struct Params {
  rows: u32,
  width: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> row_length: array<f32>;
@group(0) @binding(2) var<storage, read_write> penalty: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const workgroup_size = 64u;
var<workgroup> sums: array<f32, workgroup_size>;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let r = workgroup_index(here);
  var sum = 0.0;
  for (var j = here.local; r < params.rows && j < params.width; j += workgroup_size) {
    let entry = x[r * params.width + j];
    sum += entry * entry;
  }
  sums[here.local] = sum;
  for (var half = workgroup_size / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (here.local < half) {
      sums[here.local] += sums[here.local + half];
    }
  }
  if (here.local == 0u && r < params.rows) {
    row_length[r] = sqrt(sums[0]);
    penalty[r] = (row_length[r] - 1.0) * (row_length[r] - 1.0);
  }
}
