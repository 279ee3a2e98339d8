// Everything sparse is one gather: a row of the result is made of a weighted sum of rows of a matrix,
//
//     result_r = result_of(Σ_e weight_e · input_neighbour(e))     over the entries e of row r
//
// Forward stepwise convolution, its adjoint and the backward one (paper, Eqs. 1, 2, 4 and 5), products with
// a sparse matrix, polynomials of one and the gradient of BPR are this loop over different entries. Which it
// is, its parts say:
//
//   who walks what       whole_rows, row_segments                       stretch_at, most_parts
//    whole rows: which   every_row, batch_rows                          first_place, end_place, row_at
//    and from where      row_bounds, triple_entries, slot_entries       first_entry, end_entry
//   which entries        graph_entries, packed_entries, unit_entries,   neighbour_of, weight_of
//                        triple_entries, slot_entries
//   how to sum them up   own_sum, shared_sum                            sum_up, vectors
//   what a sum becomes   plain_sum, layer_mix, recurrence               result_of
//   what becomes of it   one of kernels/endings                         finish
//
// Their bindings are numbered apart: who walks what from 9, rows from 10, entries from 12, what a sum becomes
// from 17, endings from 20. Parts may use `input`, `dim4` and what else is declared here.
//
// A group of up to 16 invocations walks entries of a row side by side, each for `vectors` vec4 of the row.
// Up to 16 groups share a row: always in the same way, and with no atomics, so that the same input gives the
// same bits.
//
//   input    any rows × dim, as vec4
//
// Dispatched by src/ops/graphs/gather.ts.

@group(0) @binding(0) var<storage, read> input: array<vec4f>;

override dim4: u32; // vec4 per row
override lanes: u32; // invocations of a group; where a row has more vec4, so many groups take turns
override workgroup_size: u32;

// What a group walks of a row.
struct Stretch {
  row: u32,
  first: u32, // its first entry
  end: u32, // where its entries end
  parts: u32, // how many groups share the row, a power of two; 0 where there is no row for the group
  part: u32, // its number among them, of which 0 finishes the row
}

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let width = lanes * vectors;
  let turns = (dim4 + width - 1u) / width;
  let workgroup = workgroup_index(here);
  let group = workgroup / turns * (workgroup_size / lanes) + here.local / lanes;
  sum_up(stretch_at(group), workgroup % turns * width + here.local % lanes, here.local);
}

// What sum_up ends with, for every vec4 of the row; there may be fewer than a group sums up.
fn finish_sum(stretch: Stretch, c: u32, sum: vec4f) {
  if (stretch.parts > 0u && stretch.part == 0u && c < dim4) {
    let at = stretch.row * dim4 + c;
    finish(at, result_of(at, c, sum));
  }
}
