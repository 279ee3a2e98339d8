// What sweeping a block of 64 rows leaves in the block's columns of a symmetric matrix, in some of its rows:
//
//     matrix_(j, first + r) = −product_rj     outside the block
//     matrix_(first + c, first + r) = block_rc     in it
//
//   product  64 × size: −D⁻¹ times the rows as they were
//   block    64 × 64: −D⁻¹
//   matrix   rows from slab_row on, × size
//
// Dispatched by src/ops/least_squares/inverse.ts, one invocation per entry of these rows and columns.

struct Params {
  size: u32,
  first: u32, // row and column of the block
  slab_row: u32, // the row that the matrix begins with
  rows: u32, // of the matrix
}

@group(0) @binding(0) var<storage, read> product: array<f32>;
@group(0) @binding(1) var<storage, read> block: array<f32>;
@group(0) @binding(2) var<storage, read_write> matrix: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

override workgroup_size: u32 = 128;
const width = 64u;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  let row = invocation / width;
  let r = invocation % width;
  if (row >= params.rows) {
    return;
  }
  let j = params.slab_row + row;
  let in_block = j >= params.first && j < params.first + width;
  let place = row * params.size + params.first + r;
  if (in_block) {
    matrix[place] = block[r * width + j - params.first];
  } else {
    matrix[place] = -product[r * params.size + j];
  }
}
