// Everything sparse is one gather: a row of the result is made of a weighted sum of rows of a matrix,
//
//     result_r = result_of(Σ_e weight_e · input_neighbour(e))     over the entries e of row r
//
// Forward stepwise convolution, its adjoint and the backward one (paper, Eqs. 1, 2, 4 and 5), products with
// a sparse matrix, polynomials of one and the gradient of BPR are this loop over different entries. Which it
// is, its parts say:
//
//   which rows           every_row, batch_rows                          first_place, end_place, row_at
//   which entries        graph_entries, triple_entries, slot_entries    first_entry, end_entry,
//                                                                       neighbour_of, weight_of
//   what a sum becomes   plain_sum, layer_mix, recurrence               result_of
//   what becomes of it   one of kernels/endings                         finish
//
// Their bindings are numbered apart: rows from 10, entries from 13, what a sum becomes from 17, endings from
// 20. Parts may use `input` and `dim4`, which are declared here.
//
// One invocation owns up to four vec4 of one row and walks the row's entries in order: no atomics, so the
// same input always gives the same bits.
//
//   input    any rows × dim, as vec4
//
// Dispatched by src/ops/graphs/gather.ts.

@group(0) @binding(0) var<storage, read> input: array<vec4f>;

override dim4: u32; // vec4 per row
override lanes: u32 = (dim4 + 3u) / 4u; // invocations per row
override workgroup_size: u32 = 128;

fn finish_vector(row: u32, c: u32, sum: vec4f) {
  if (c < dim4) {
    let at = row * dim4 + c;
    finish(at, result_of(at, c, sum));
  }
}

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  let place = first_place() + invocation / lanes;
  if (place >= end_place()) {
    return;
  }
  let row = row_at(place);
  let c = invocation % lanes + lanes * vec4u(0u, 1u, 2u, 3u);
  let within = min(c, vec4u(dim4 - 1u)); // beyond the row the last vec4 is summed in vain
  var sum = mat4x4f();
  let end = end_entry(place, row);
  for (var entry = first_entry(place, row); entry < end; entry++) {
    let at = neighbour_of(entry) * dim4 + within;
    sum += weight_of(entry) * mat4x4f(input[at.x], input[at.y], input[at.z], input[at.w]);
  }
  finish_vector(row, c.x, sum[0]);
  finish_vector(row, c.y, sum[1]);
  finish_vector(row, c.z, sum[2]);
  finish_vector(row, c.w, sum[3]);
}
