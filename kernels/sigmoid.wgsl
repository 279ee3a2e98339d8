// The logistic function:  output_i = factor · σ(x_i),   σ(x) = 1 / (1 + exp(−x))
//
//   x, output   `elements` numbers
//
// Dispatched by src/ops/rows/sigmoid.ts.

struct Params {
  elements: u32,
  factor: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let i = invocation_index(here, workgroup_size);
  if (i < params.elements) {
    output[i] = params.factor / (1.0 + exp(-clamp(x[i], -80.0, 80.0)));
  }
}
