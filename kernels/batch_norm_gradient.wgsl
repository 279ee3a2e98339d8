// What batch_norm.wgsl makes of a gradient: with x̂ = (x − μ) / s, s = √(v + ε), and means over the rows
// that the current batch fills,
//
//     output_rj = scale_j / s_j · (d_rj − mean d_j − x̂_rj · mean (d x̂)_j)        0 beyond the batch
//     scale_gradient_j = Σ_r d_rj x̂_rj,   shift_gradient_j = Σ_r d_rj
//
//   x                   rows × width, what was normalised
//   statistics          2 × width: μ, then v
//   scale               one number per column
//   direction, output   rows × width: d, and what it becomes
//   scale_gradient, shift_gradient   one number per column, written
//
// Dispatched by src/ops/rows/batch_norm.ts, a workgroup of 16 columns by 16 lanes.

struct Params {
  rows: u32,
  width: u32,
  epsilon: f32,
  batch_size: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> statistics: array<f32>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(0) @binding(3) var<storage, read> direction: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;
@group(0) @binding(5) var<storage, read_write> scale_gradient: array<f32>;
@group(0) @binding(6) var<storage, read_write> shift_gradient: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

const workgroup_size = 256u;
const columns = 16u;
const lanes = 16u;
var<workgroup> sums: array<f32, 256>;

// The sum over a column's lanes, for all of them.
fn over_lanes(local: u32, summand: f32) -> f32 {
  workgroupBarrier();
  sums[local] = summand;
  for (var half = lanes / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local / columns < half) {
      sums[local] += sums[local + half * columns];
    }
  }
  workgroupBarrier();
  return sums[local % columns];
}

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let j = workgroup_index(here) * columns + here.local % columns;
  let lane = here.local / columns;
  let length = clock.size;
  let count = f32(params.rows / params.batch_size * length);
  let inside = j < params.width;
  var x_mean = 0.0;
  var deviation = 1.0;
  if (inside) {
    x_mean = statistics[j];
    deviation = sqrt(statistics[params.width + j] + params.epsilon);
  }
  var sum = 0.0;
  for (var r = lane; inside && r < params.rows; r += lanes) {
    if (r % params.batch_size < length) {
      sum += direction[r * params.width + j];
    }
  }
  let mean = over_lanes(here.local, sum) / count;
  // Around the mean: x̂ adds up to zero, and large means would cancel.
  sum = 0.0;
  for (var r = lane; inside && r < params.rows; r += lanes) {
    if (r % params.batch_size < length) {
      let i = r * params.width + j;
      sum += (direction[i] - mean) * (x[i] - x_mean);
    }
  }
  let along = over_lanes(here.local, sum) / count / deviation;
  if (!inside) {
    return;
  }
  if (lane == 0u) {
    scale_gradient[j] = count * along;
    shift_gradient[j] = count * mean;
  }
  let factor = scale[j] / deviation;
  for (var r = lane; r < params.rows; r += lanes) {
    let i = r * params.width + j;
    let normalised = (x[i] - x_mean) / deviation;
    let entry = factor * (direction[i] - mean - normalised * along);
    output[i] = select(0.0, entry, r % params.batch_size < length);
  }
}
