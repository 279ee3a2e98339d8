// Copies the rows of a table that one list of the current batch names:
//
//     output_(block · B + t) = table_(list_t − first_row)      0 where the batch has no triple t
//
//   list     rows of H (users, then items), one per triple of the epoch
//   table    rows × width, its first row standing for row `first_row` of H
//   output   (blocks · B) × width, B the batch size
//
// Dispatched by src/ops/rows/gather_batch.ts; gather_rows_adjoint.wgsl is its adjoint.

struct Params {
  batch_size: u32,
  width: u32,
  first_row: u32,
  block: u32,
}

@group(0) @binding(0) var<storage, read> list: array<u32>;
@group(0) @binding(1) var<storage, read> table: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let i = invocation_index(here, workgroup_size);
  let slot = i / params.width;
  if (slot >= params.batch_size) {
    return;
  }
  let triple = clock.batch * params.batch_size + slot;
  var entry = 0.0;
  if (slot < clock.size) {
    entry = table[(list[triple] - params.first_row) * params.width + i % params.width];
  }
  output[params.block * params.batch_size * params.width + i] = entry;
}
