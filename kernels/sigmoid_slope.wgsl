// The slope of the logistic function, one number per row:
//
//     output_r = factor · σ(x_r) σ(−x_r)        0 in rows beyond the batch
//
// or, averaged, that over the number of rows that the current batch fills. Rows come in blocks of a batch
// each, of which the last batch of an epoch may fill only a part.
//
//   x, output   one number per row, rows a multiple of the batch size
//
// Dispatched by src/ops/rows/sigmoid.ts.

struct Params {
  rows: u32,
  factor: f32,
  averaged: u32, // 0 or 1
  batch_size: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let r = invocation_index(here, workgroup_size);
  if (r >= params.rows) {
    return;
  }
  let length = clock.size;
  let count = select(1.0, f32(params.rows / params.batch_size * length), params.averaged == 1u);
  // σ(x) σ(−x) from the smaller of the two exponentials, which neither overflows nor cancels.
  let small = exp(-min(abs(x[r]), 80.0));
  let slope = small / ((1.0 + small) * (1.0 + small));
  output[r] = select(0.0, params.factor / count * slope, r % params.batch_size < length);
}
