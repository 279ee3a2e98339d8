// The adjoint of normalise_rows.wgsl, with y its output and g the gradient of y:
//
//     gradient_r = (g_r − ⟨g_r, y_r⟩ y_r) / length_r     g_r / epsilon where the row is shorter
//
// `lanes` invocations share a row and add up their sums as a tree: the order is fixed.
//
//   y, y_gradient, gradient   rows × width
//   row_length                one number per row
//
// Dispatched by src/ops/rows/normalise_rows.ts.

struct Params {
  rows: u32,
  width: u32,
  epsilon: f32,
}

@group(0) @binding(0) var<storage, read> y: array<f32>;
@group(0) @binding(1) var<storage, read> y_gradient: array<f32>;
@group(0) @binding(2) var<storage, read> row_length: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

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
    sum += y_gradient[start + j] * y[start + j];
  }
  sums[here.local] = sum;
  for (var half = lanes / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      sums[here.local] += sums[here.local + half];
    }
  }
  workgroupBarrier();
  let length = row_length[min(r, params.rows - 1u)];
  let along = select(0.0, sums[here.local - lane], length >= params.epsilon);
  for (var j = lane; j < width; j += lanes) {
    gradient[start + j] = (y_gradient[start + j] - along * y[start + j]) /
      max(length, params.epsilon);
  }
}
