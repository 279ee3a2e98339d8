// Copies lists of neighbours into a block of the columns of a neighbour graph:
//
//     column_(i · degree + first + s) = id_(i · k + s)      i where the list is shorter
//
//   id       rows × k
//   column   rows × degree
//
// Dispatched by src/ops/learned_graph/neighbour_graph.ts.

struct Params {
  rows: u32,
  k: u32,
  degree: u32,
  first: u32,
}

@group(0) @binding(0) var<storage, read> id: array<u32>;
@group(0) @binding(1) var<storage, read_write> column: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

const no_candidate = 0xffffffffu;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  if (invocation >= params.rows * params.k) {
    return;
  }
  let row = invocation / params.k;
  let place = row * params.degree + params.first + invocation % params.k;
  column[place] = select(id[invocation], row, id[invocation] == no_candidate);
}
