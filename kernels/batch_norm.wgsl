// Batch normalisation in training (Ioffe & Szegedy 2015), over the rows r that the current batch fills:
//
//     μ_j = mean_r x_rj,   v_j = mean_r (x_rj − μ_j)²
//     output_rj = scale_j · (x_rj − μ_j) / √(v_j + ε) + shift_j        0 in rows beyond the batch
//
// Rows come in blocks of a batch each, of which the last batch of an epoch may fill only a part. A
// workgroup walks 16 columns by 16 lanes: the mean, then the variance around it, then the output.
//
//   x, output    rows × width, rows a multiple of the batch size
//   scale, shift one number per column
//   statistics   2 × width, written: μ, then v
//
// Dispatched by src/ops/rows/batch_norm.ts, a workgroup for 16 columns.

struct Params {
  rows: u32,
  width: u32,
  epsilon: f32,
  batch_size: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> scale: array<f32>;
@group(0) @binding(2) var<storage, read> shift: array<f32>;
@group(0) @binding(3) var<storage, read_write> statistics: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

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
  var sum = 0.0;
  for (var r = lane; inside && r < params.rows; r += lanes) {
    if (r % params.batch_size < length) {
      sum += x[r * params.width + j];
    }
  }
  let mean = over_lanes(here.local, sum) / count;
  sum = 0.0;
  for (var r = lane; inside && r < params.rows; r += lanes) {
    if (r % params.batch_size < length) {
      let apart = x[r * params.width + j] - mean;
      sum += apart * apart;
    }
  }
  let variance = over_lanes(here.local, sum) / count;
  if (!inside) {
    return;
  }
  if (lane == 0u) {
    statistics[j] = mean;
    statistics[params.width + j] = variance;
  }
  let factor = scale[j] / sqrt(variance + params.epsilon);
  for (var r = lane; r < params.rows; r += lanes) {
    let i = r * params.width + j;
    output[i] = select(0.0, factor * (x[i] - mean) + shift[j], r % params.batch_size < length);
  }
}
