// A mixture of rows, in blocks of a batch each:
//
//     output_(m · B + t) = share_(m · B + t) · a_t + (1 − share_(m · B + t)) · b_(m · B + t)
//
//   share       one number per row of b
//   a           B × width, B the batch size
//   b, output   rows × width, rows a multiple of B
//
// Dispatched by src/ops/rows/mix_rows.ts; mix_rows_adjoint.wgsl is its adjoint.

struct Params {
  rows: u32,
  width: u32,
  batch_size: u32,
}

@group(0) @binding(0) var<storage, read> share: array<f32>;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let i = invocation_index(here, workgroup_size);
  let r = i / params.width;
  if (r < params.rows) {
    output[i] = share[r] * a[i % (params.batch_size * params.width)] + (1.0 - share[r]) * b[i];
  }
}
