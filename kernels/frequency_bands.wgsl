// What a graph filter lets through, and what it does not, side by side:
//
//     output_r = [ low_r | alpha base_r − low_r ]
//
//   low, base   rows × dim, as vec4
//   output      rows × 2 dim, likewise
//
// Dispatched by src/ops/graphs/frequency_bands.ts; frequency_bands_adjoint.wgsl is its adjoint.

struct Params {
  vectors: u32, // vec4 of `low`
  alpha: f32,
}

@group(0) @binding(0) var<storage, read> low: array<vec4f>;
@group(0) @binding(1) var<storage, read> base: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> output: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

override dim4: u32; // vec4 per row of `low`
override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let i = invocation_index(here, workgroup_size);
  if (i >= params.vectors) {
    return;
  }
  let at = i + i / dim4 * dim4; // a row of the output is twice as long
  output[at] = low[i];
  output[at + dim4] = params.alpha * base[i] - low[i];
}
