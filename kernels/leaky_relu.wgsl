// Multiplies with the slope of LeakyReLU at x:
//
//     output_i = source_i where x_i > 0, slope · source_i elsewhere
//
// With source = x it is LeakyReLU itself; with the gradient of its result, its adjoint.
//
//   x, source, output   `elements` numbers each
//
// Dispatched by src/ops/rows/leaky_relu.ts.

struct Params {
  elements: u32,
  slope: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> source: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let i = invocation_index(here, workgroup_size);
  if (i < params.elements) {
    output[i] = source[i] * select(params.slope, 1.0, x[i] > 0.0);
  }
}
