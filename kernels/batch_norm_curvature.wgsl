// How the output g of batch_norm_gradient.wgsl changes with what was normalised, and with the scale:
// with x̂, s as there, the gradient d that it was made of, the gradient u = dL/dg, means over the rows
// that the current batch fills, and
//
//     p = mean (d x̂),   q = mean (u x̂),   c = mean ((u − mean u)(d − mean d)),
//     x_gradient_rj = −scale_j / s_j² · ((u − mean u) p + (d − mean d) q + x̂ (c − 3 p q))   0 beyond
//     scale_gradient_j = Σ_r u_rj g_rj / scale_j = count / s_j · (c − p q)
//
// (derived in src/ops/rows/batch_norm.ts).
//
//   x                 rows × width, what was normalised
//   statistics        2 × width: μ, then v
//   scale             one number per column
//   direction         rows × width, d
//   output_gradient   rows × width, u
//   x_gradient        rows × width, written
//   scale_gradient    one number per column, written
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
@group(0) @binding(4) var<storage, read> output_gradient: array<f32>;
@group(0) @binding(5) var<storage, read_write> x_gradient: array<f32>;
@group(0) @binding(6) var<storage, read_write> scale_gradient: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

const workgroup_size = 256u;
const columns = 16u;
const lanes = 16u;
var<workgroup> sums: array<vec3f, 256>;

// The sums over a column's lanes, for all of them.
fn over_lanes(local: u32, summands: vec3f) -> vec3f {
  workgroupBarrier();
  sums[local] = summands;
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
  var sum = vec3f();
  for (var r = lane; inside && r < params.rows; r += lanes) {
    if (r % params.batch_size < length) {
      let i = r * params.width + j;
      sum += vec3f(direction[i], output_gradient[i], 0.0);
    }
  }
  let mean = over_lanes(here.local, sum) / count;
  sum = vec3f();
  for (var r = lane; inside && r < params.rows; r += lanes) {
    if (r % params.batch_size < length) {
      let i = r * params.width + j;
      let d = direction[i] - mean.x;
      let u = output_gradient[i] - mean.y;
      let normalised = (x[i] - x_mean) / deviation;
      sum += vec3f(d * normalised, u * normalised, u * d);
    }
  }
  let products = over_lanes(here.local, sum) / count;
  if (!inside) {
    return;
  }
  let p = products.x;
  let q = products.y;
  let c = products.z;
  if (lane == 0u) {
    scale_gradient[j] = count / deviation * (c - p * q);
  }
  let factor = -scale[j] / (deviation * deviation);
  for (var r = lane; r < params.rows; r += lanes) {
    let i = r * params.width + j;
    let d = direction[i] - mean.x;
    let u = output_gradient[i] - mean.y;
    let normalised = (x[i] - x_mean) / deviation;
    let entry = factor * (u * p + d * q + normalised * (c - 3.0 * p * q));
    x_gradient[i] = select(0.0, entry, r % params.batch_size < length);
  }
}
