// The mean of one number per row, over the rows that the current batch fills:
//
//     term = factor / n · Σ_r x_r
//
// Rows come in blocks of a batch each, of which the last batch of an epoch may fill only a part; n is
// how many are filled.
//
//   x       one number per row, rows a multiple of the batch size
//   terms   batches × term_count; row `batch`, column `term` is written
//
// Dispatched by src/ops/losses/batch_mean.ts, one workgroup.

struct Params {
  rows: u32,
  factor: f32,
  batch_size: u32,
  term: u32,
  term_count: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> terms: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const workgroup_size = 128u;
var<workgroup> sums: array<f32, workgroup_size>;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let length = clock.size;
  var sum = 0.0;
  for (var r = here.local; r < params.rows; r += workgroup_size) {
    if (r % params.batch_size < length) {
      sum += x[r];
    }
  }
  sums[here.local] = sum;
  for (var half = workgroup_size / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (here.local < half) {
      sums[here.local] += sums[here.local + half];
    }
  }
  if (here.local == 0u) {
    let count = f32(params.rows / params.batch_size * length);
    terms[clock.batch * params.term_count + params.term] = params.factor / count * sums[0];
  }
}
