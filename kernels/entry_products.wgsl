// A number for each entry of a sparse matrix, by the inner product of its row's and its column's vectors:
//
//     value_e = offset + factor · ⟨a_(row_e), b_(column_e)⟩
//
// What a factorisation says of the pairs that are there or, with offset 1 and factor −1, what it leaves of them.
//
//   row      entries: the row of each
//   a, b     rows and columns of the matrix × dim, as vec4
//   entries  entries × 2: column, bits of the value
//
// Dispatched by src/ops/least_squares/entry_products.ts, one invocation per entry.

struct Params {
  first: u32, // entry
  end: u32,
}

@group(0) @binding(0) var<storage, read> row: array<u32>;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> entries: array<vec2u>;
@group(0) @binding(4) var<uniform> params: Params;

override dim4: u32; // vec4 per row
override offset: f32;
override factor: f32;
override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let entry = params.first + invocation_index(here, workgroup_size);
  if (entry >= params.end) {
    return;
  }
  let at = row[entry] * dim4;
  let other = entries[entry].x * dim4;
  var sum = 0.0;
  for (var c = 0u; c < dim4; c++) {
    sum += dot(a[at + c], b[other + c]);
  }
  entries[entry].y = bitcast<u32>(offset + factor * sum);
}
