// The adjoint of frequency_bands.wgsl, with the gradient of its output as [ g | h ]:
//
//     low_gradient_r = g_r − h_r,   base_gradient_r = alpha h_r
//
//   gradient                      rows × 2 dim, as vec4
//   low_gradient, base_gradient   rows × dim, likewise
//
// Dispatched by src/ops/graphs/frequency_bands.ts.

struct Params {
  vectors: u32, // vec4 of `low_gradient`
  alpha: f32,
}

@group(0) @binding(0) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> low_gradient: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> base_gradient: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

override dim4: u32; // vec4 per row of `low_gradient`
override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let i = invocation_index(here, workgroup_size);
  if (i >= params.vectors) {
    return;
  }
  let at = i + i / dim4 * dim4; // a row of the gradient is twice as long
  let rest = gradient[at + dim4];
  low_gradient[i] = gradient[at] - rest;
  base_gradient[i] = params.alpha * rest;
}
