// Inner products of rows, for some of the entries of a sparse matrix with `degree` entries per row:
//
//     output_e = keep · output_e + ⟨a_i, b_(column_e)⟩,  e = i · degree + first + s,  s < count
//
// for the rows i from first_row to before end_row.
//
//   column   rows × degree
//   a, b     matrices of dim columns, as vec4
//   output   rows × degree
//
// Dispatched by src/ops/learned_graph/neighbour_cosines.ts and src/ops/learned_graph/neighbour_product.ts, one invocation per entry.

struct Params {
  first_row: u32,
  end_row: u32,
  degree: u32,
  first: u32,
  count: u32,
  keep: u32, // 0 or 1
}

@group(0) @binding(0) var<storage, read> column: array<u32>;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

override dim4: u32; // vec4 per row
override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  let row = params.first_row + invocation / params.count;
  if (row >= params.end_row) {
    return;
  }
  let entry = row * params.degree + params.first + invocation % params.count;
  var sum = 0.0;
  for (var c = 0u; c < dim4; c++) {
    sum += dot(a[row * dim4 + c], b[column[entry] * dim4 + c]);
  }
  // Not read when replaced: memory that is reused may hold infinities.
  if (params.keep == 1u) {
    sum += output[entry];
  }
  output[entry] = sum;
}
