// A matrix or its transpose, copied to rows of another length:
//
//     output_rc = input_rc  or  input_cr,     0 for c ≥ columns
//
// Before a product, where an operand does not lie in memory as the product's kernel reads it, and after
// one, where the result's rows are padded. One invocation copies a block of 4 × 4.
//
//   input    rows × input_stride, or columns × input_stride where transposed
//   output   rows × stride
//
// Dispatched by src/ops/rows/rearrange.ts.

struct Params {
  rows: u32, // of the output
  columns: u32, // of the output that are copied
  input_stride: u32,
  stride: u32,
  transposed: u32, // 0 or 1
}

@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let i = invocation_index(here, workgroup_size);
  let blocks = (params.stride + 3u) / 4u;
  let first_row = i / blocks * 4u;
  let first_column = i % blocks * 4u;
  for (var row = first_row; row < min(first_row + 4u, params.rows); row++) {
    for (var column = first_column; column < min(first_column + 4u, params.stride); column++) {
      var value = 0.0;
      if (column < params.columns) {
        let straight = row * params.input_stride + column;
        let across = column * params.input_stride + row;
        value = input[select(straight, across, params.transposed == 1u)];
      }
      output[row * params.stride + column] = value;
    }
  }
}
