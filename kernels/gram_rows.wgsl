// Rows of the Gram matrix of a sparse matrix, dense:
//
//     gram_ij = Σ_u a_iu b_uj + ridge · [i = j]     a identity where the matrices end
//
// with A of 0 and 1. Its invocations walk a row of B side by side; no two of its entries have the same column, so that
// no two invocations meet, and all wait for each other before the next row of B: the order of each sum is A's.
//
//   a_start    rows of A + 1 offsets
//   a_column   of A's entries
//   b_start    rows of B + 1 offsets
//   b_entries  of B, entries × 2: column, bits of the weight
//   gram       some rows of size numbers, of which those from first_row to before end_row are made
//
// Dispatched by src/ops/least_squares/gram_matrix.ts, a workgroup for each row.

struct Params {
  rows: u32, // of A
  size: u32, // rows or more
  first_row: u32,
  end_row: u32,
  slab_row: u32, // the row that gram begins with
  ridge: f32,
}

@group(0) @binding(0) var<storage, read> a_start: array<u32>;
@group(0) @binding(1) var<storage, read> a_column: array<u32>;
@group(0) @binding(2) var<storage, read> b_start: array<u32>;
@group(0) @binding(3) var<storage, read> b_entries: array<vec2u>;
@group(0) @binding(4) var<storage, read_write> gram: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

override workgroup_size: u32 = 64;
var<workgroup> walked: vec2u;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let row = params.first_row + workgroup_index(here);
  let inside = row < params.end_row;
  let start = (row - params.slab_row) * params.size;
  if (here.local == 0u) {
    walked = vec2u();
    if (inside && row < params.rows) {
      walked = vec2u(a_start[row], a_start[row + 1u]);
    }
  }
  for (var c = here.local; inside && c < params.size; c += workgroup_size) {
    gram[start + c] = 0.0;
  }
  storageBarrier();
  let entries = workgroupUniformLoad(&walked);
  for (var entry = entries.x; entry < entries.y; entry++) {
    let other = a_column[entry];
    let end = b_start[other + 1u];
    for (var e = b_start[other] + here.local; e < end; e += workgroup_size) {
      gram[start + b_entries[e].x] += bitcast<f32>(b_entries[e].y);
    }
    storageBarrier();
  }
  if (inside && here.local == 0u) {
    gram[start + row] += select(1.0, params.ridge, row < params.rows);
  }
}
