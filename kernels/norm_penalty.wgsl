// A penalty on plain Frobenius norms, or on their squares:
//
//     square_r = Σ_w part_sum_(r · parts + w)
//     term = Σ_r √square_r / divisor,        norm_r = √square_r
//     term = Σ_r square_r / (2 · divisor),   norm_r = 1, as there is nothing for the adjoint to divide by
//
//   part_sum   ranges × parts, of sum_squares.wgsl
//   norm      one number per range
//   terms     batches × term_count; row `batch`, column `term` is written
//
// Dispatched by src/ops/losses/norm_penalty.ts, one invocation.

struct Params {
  ranges: u32,
  parts: u32,
  squared: u32, // 0 or 1
  divisor: f32, // 0 for the length of the batch
  term: u32,
  term_count: u32,
}

@group(0) @binding(0) var<storage, read> part_sum: array<f32>;
@group(0) @binding(1) var<storage, read_write> norm: array<f32>;
@group(0) @binding(2) var<storage, read_write> terms: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const workgroup_size = 1u;

@compute @workgroup_size(workgroup_size)
fn main() {
  let length = clock.size;
  let divisor = select(params.divisor, f32(length), params.divisor == 0.0);
  var total = 0.0;
  for (var range = 0u; range < params.ranges; range++) {
    var squares = 0.0;
    for (var part = 0u; part < params.parts; part++) {
      squares += part_sum[range * params.parts + part];
    }
    if (params.squared == 1u) {
      norm[range] = 1.0;
      total += squares / (2.0 * divisor);
    } else {
      norm[range] = sqrt(squares);
      total += norm[range] / divisor;
    }
  }
  terms[clock.batch * params.term_count + params.term] = total;
}
