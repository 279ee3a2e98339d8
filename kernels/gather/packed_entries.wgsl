// Which entries a gather walks: those of a sparse matrix A that does not change, so that its sums are the rows of A input:
//
//     sum_r = Σ_e value_e · input_column(e)     over the entries e of row r of A
//
//   entries     per entry, its column, a row of `input`, and the bits of its weight: one load for both
//
// Bound by src/ops/graphs/gather.ts.

@group(0) @binding(14) var<storage, read> entries: array<vec2u>;

fn neighbour_of(entry: u32) -> u32 {
  return entries[entry].x;
}

fn weight_of(entry: u32) -> f32 {
  return bitcast<f32>(entries[entry].y);
}
