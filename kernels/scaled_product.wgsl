// A product element by element:  output_i = scale · a_i · b_i
//
//   a, b, output   `elements` numbers each
//
// Dispatched by src/ops/rows/dropout.ts, forward and adjoint.

struct Params {
  elements: u32,
  scale: f32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let i = invocation_index(here, workgroup_size);
  if (i < params.elements) {
    output[i] = params.scale * a[i] * b[i];
  }
}
