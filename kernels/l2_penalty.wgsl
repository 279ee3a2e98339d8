// A penalty on squares, as a term of the loss:  term = Σ_p squares_p / (2 · divisor)
//
//   clock     number of the batch within the epoch, and since training was set up
//   squares   `parts` sums, of sum_squares.wgsl
//   terms     batches × term_count; row `batch`, column `term` is written
//
// Dispatched by src/ops/l2_penalty.ts, one invocation.

struct Params {
  parts: u32,
  divisor: f32,
  term: u32,
  term_count: u32,
}

@group(0) @binding(0) var<storage, read> clock: array<u32>;
@group(0) @binding(1) var<storage, read> squares: array<f32>;
@group(0) @binding(2) var<storage, read_write> terms: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(1)
fn main() {
  var sum = 0.0;
  for (var part = 0u; part < params.parts; part++) {
    sum += squares[part];
  }
  terms[clock[0] * params.term_count + params.term] = sum / (2.0 * params.divisor);
}
