// A dense matrix product, replacing or added to what is there:
//
//     y ← keep · y + gain · a b
//
// Used on tiles of features when whitening: to project them on singular vectors, and to take away what
// earlier vectors explain. Each invocation owns four columns of one row.
//
//   a   rows × inner
//   b   inner × columns, columns a multiple of 4, as vec4
//   y   rows × columns, as vec4
//
// Dispatched by src/features/singular_vectors.ts.

struct Params {
  rows: u32,
  inner: u32,
  columns4: u32, // vec4 per row of b and y
  keep: f32,
  gain: f32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

override workgroup_size: u32 = 64;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let i = invocation_index(here, workgroup_size);
  let row = i / params.columns4;
  let c = i % params.columns4;
  if (row >= params.rows) {
    return;
  }
  var sum = vec4f();
  for (var k = 0u; k < params.inner; k++) {
    sum += a[row * params.inner + k] * b[k * params.columns4 + c];
  }
  // Not read when replaced: memory that is reused may hold infinities.
  var before = vec4f();
  if (params.keep != 0.0) {
    before = params.keep * y[i];
  }
  y[i] = before + params.gain * sum;
}
