// Adds up parts of a sum, in their order:
//
//     total_i = keep · total_i + Σ_p part_(p, i)
//
//   part    parts × elements
//   total   elements
//
// Dispatched by src/ops/rows/matrix_product.ts.

struct Params {
  elements: u32,
  parts: u32,
  keep: u32, // 0 or 1
}

@group(0) @binding(0) var<storage, read> part: array<f32>;
@group(0) @binding(1) var<storage, read_write> total: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let i = invocation_index(here, workgroup_size);
  if (i >= params.elements) {
    return;
  }
  var sum = 0.0;
  for (var p = 0u; p < params.parts; p++) {
    sum += part[p * params.elements + i];
  }
  // Not read when replaced: memory that is reused may hold infinities.
  if (params.keep == 1u) {
    sum += total[i];
  }
  total[i] = sum;
}
