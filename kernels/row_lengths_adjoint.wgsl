// The adjoint of the mean of row_lengths.wgsl's penalties, over the n rows that the current batch fills:
//
//     gradient_rj = 2 weight / n · (1 − 1 / length_r) · x_rj        0 beyond the batch, or without length
//
// Rows come in blocks of a batch each, of which the last batch of an epoch may fill only a part.
//
//   x, gradient   rows × width, rows a multiple of the batch size
//   row_length    one number per row
//
// Dispatched by src/ops/losses/gradient_penalty.ts.

struct Params {
  rows: u32,
  width: u32,
  weight: f32,
  batch_size: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> row_length: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

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
  if (r % params.batch_size < length && row_length[r] > 0.0) {
    entry = 2.0 * params.weight / count * (1.0 - 1.0 / row_length[r]) * x[i];
  }
  gradient[i] = entry;
}
