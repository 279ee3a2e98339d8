// The adjoint of the mean of cosine_rows.wgsl's distances, over the n rows that the current batch fills,
// for one of its two sides:
//
//     gradient_r = keep · gradient_r + weight / n · (cos_r x_r / ‖x_r‖ − y_r / ‖y_r‖) / ‖x_r‖
//
// with cos_r = 1 − distance_r; without its first part where ‖x_r‖ is below epsilon, and nothing beyond
// the batch. Lengths below epsilon divide as epsilon. Rows come in blocks of a batch each, of which the
// last batch of an epoch may fill only a part.
//
//   x, gradient                    the side, rows × width
//   y                              the other, likewise
//   x_length, y_length, distance   one number per row
//
// Dispatched by src/ops/losses/cosine_loss.ts.

struct Params {
  rows: u32,
  width: u32,
  epsilon: f32,
  weight: f32,
  keep: u32, // 0 or 1
  batch_size: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> x_length: array<f32>;
@group(0) @binding(3) var<storage, read> y_length: array<f32>;
@group(0) @binding(4) var<storage, read> distance: array<f32>;
@group(0) @binding(5) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let i = invocation_index(here, workgroup_size);
  let r = i / params.width;
  if (r >= params.rows) {
    return;
  }
  let length = clock.size;
  let count = f32(params.rows / params.batch_size * length);
  var entry = 0.0;
  if (r % params.batch_size < length) {
    let own = max(x_length[r], params.epsilon);
    let along = select(0.0, 1.0 - distance[r], x_length[r] >= params.epsilon) * x[i] / own;
    entry = params.weight / count * (along - y[i] / max(y_length[r], params.epsilon)) / own;
  }
  // Not read when replaced: memory that is reused may hold infinities.
  if (params.keep == 1u) {
    entry += gradient[i];
  }
  gradient[i] = entry;
}
