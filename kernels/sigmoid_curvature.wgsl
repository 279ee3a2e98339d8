// The adjoint of sigmoid_slope.wgsl without the mean:
//
//     gradient_r = factor · σ''(x_r) · slope_gradient_r,   σ'' = σ(x) σ(−x) (σ(−x) − σ(x))
//
// and 0 in rows beyond the batch. Rows come in blocks of a batch each, of which the last batch of an epoch
// may fill only a part.
//
//   x, slope_gradient, gradient   one number per row, rows a multiple of the batch size
//
// Dispatched by src/ops/rows/sigmoid.ts.

struct Params {
  rows: u32,
  factor: f32,
  batch_size: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> slope_gradient: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let r = invocation_index(here, workgroup_size);
  if (r >= params.rows) {
    return;
  }
  let small = exp(-min(abs(x[r]), 80.0));
  let slope = small / ((1.0 + small) * (1.0 + small));
  // σ(−x) − σ(x), with the sign of −x.
  let difference = -sign(x[r]) * (1.0 - small) / (1.0 + small);
  let length = clock.size;
  let entry = params.factor * slope * difference * slope_gradient[r];
  gradient[r] = select(0.0, entry, r % params.batch_size < length);
}
