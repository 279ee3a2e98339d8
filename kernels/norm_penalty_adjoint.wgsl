// The adjoint of norm_penalty.wgsl over one range:
//
//     gradient_i ← gradient_i + weight / divisor · x_i / norm_range     0 where the norm is
//
//   norm          one number per range
//   x, gradient   arrays, read and changed in [first, first + elements)
//
// Dispatched by src/ops/losses/norm_penalty.ts.

struct Params {
  range: u32,
  first: u32,
  elements: u32,
  weight: f32,
  divisor: f32, // 0 for the length of the batch
}

@group(0) @binding(0) var<storage, read> norm: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  if (invocation >= params.elements || norm[params.range] == 0.0) {
    return;
  }
  let i = params.first + invocation;
  let length = clock.size;
  let divisor = select(params.divisor, f32(length), params.divisor == 0.0);
  gradient[i] += params.weight / divisor * x[i] / norm[params.range];
}
