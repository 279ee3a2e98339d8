// The adjoint of inner products ⟨x_i, x_j⟩ over one block of a neighbour graph: with G their gradients,
// of which row i has the entries [first, first + count),
//
//     x_gradient = (G + Gᵀ) x
//
//   column, gradient                   the graph and G: rows × degree
//   back_start, back_column, back_entry   its transpose: rows + 1 offsets; the row and the place of
//                                      each entry. Those of other blocks are passed over
//   x, x_gradient                      rows × dim, as vec4
//
// One invocation owns a vec4 of a row. Dispatched by src/ops/learned_graph/neighbour_cosines.ts.

struct Params {
  rows: u32,
  degree: u32,
  first: u32,
  count: u32,
}

@group(0) @binding(0) var<storage, read> column: array<u32>;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read> back_start: array<u32>;
@group(0) @binding(3) var<storage, read> back_column: array<u32>;
@group(0) @binding(4) var<storage, read> back_entry: array<u32>;
@group(0) @binding(5) var<storage, read> x: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> x_gradient: array<vec4f>;
@group(0) @binding(7) var<uniform> params: Params;

override dim4: u32; // vec4 per row
override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  let row = invocation / dim4;
  if (row >= params.rows) {
    return;
  }
  let c = invocation % dim4;
  var sum = vec4f();
  let first = row * params.degree + params.first;
  for (var entry = first; entry < first + params.count; entry++) {
    sum += gradient[entry] * x[column[entry] * dim4 + c];
  }
  for (var back = back_start[row]; back < back_start[row + 1u]; back++) {
    let entry = back_entry[back];
    if (entry % params.degree - params.first < params.count) { // wraps around before the block
      sum += gradient[entry] * x[back_column[back] * dim4 + c];
    }
  }
  x_gradient[invocation] = sum;
}
