// How far rows point apart:
//
//     x_length_r = √(Σ_j x_rj²),  y_length_r likewise,  distance_r = 1 − ⟨x_r, y_r⟩ / (‖x_r‖ ‖y_r‖)
//
// where lengths below epsilon divide as epsilon. `lanes` invocations share a row and add up their sums as
// a tree: the order is fixed.
//
//   x, y                           rows × width
//   x_length, y_length, distance   one number per row
//
// Dispatched by src/ops/losses/cosine_loss.ts; cosine_rows_adjoint.wgsl is its adjoint.

struct Params {
  rows: u32,
  width: u32,
  epsilon: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> x_length: array<f32>;
@group(0) @binding(3) var<storage, read_write> y_length: array<f32>;
@group(0) @binding(4) var<storage, read_write> distance: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

override lanes: u32 = 1; // a power of two, up to the workgroup's size
override workgroup_size: u32 = 64;
var<workgroup> sums: array<vec3f, workgroup_size>;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  let r = invocation / lanes;
  let lane = here.local % lanes;
  // Invocations beyond the rows have nothing to walk, but meet the others at the barriers.
  let width = select(0u, params.width, r < params.rows);
  let start = r * params.width;
  var sum = vec3f();
  for (var j = lane; j < width; j += lanes) {
    let a = x[start + j];
    let b = y[start + j];
    sum += vec3f(a * a, b * b, a * b);
  }
  sums[here.local] = sum;
  for (var half = lanes / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      sums[here.local] += sums[here.local + half];
    }
  }
  if (lane == 0u && r < params.rows) {
    let lengths = sqrt(sums[here.local].xy);
    let divisors = max(lengths, vec2f(params.epsilon));
    x_length[r] = lengths.x;
    y_length[r] = lengths.y;
    distance[r] = 1.0 - sums[here.local].z / divisors.x / divisors.y;
  }
}
