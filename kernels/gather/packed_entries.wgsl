// Which entries a gather walks: those of a sparse matrix A that does not change, so that its sums are the rows of A input:
//
//     sum_r = Σ_e value_e · input_column(e)     over the entries e of row r of A
//
//   row_start   where each row's entries begin, and end where the next row's begin; with row_stride = 2,
//               where they begin and where they end by turns, for rows of which only a part counts
//   entries     per entry, its column, a row of `input`, and the bits of its weight: one load for both
//
// Bound by src/ops/graphs/gather.ts.

@group(0) @binding(13) var<storage, read> row_start: array<u32>;
@group(0) @binding(14) var<storage, read> entries: array<vec2u>;

override row_stride: u32 = 1;

fn first_entry(place: u32, row: u32) -> u32 {
  return row_start[row * row_stride];
}

fn end_entry(place: u32, row: u32) -> u32 {
  return row_start[row * row_stride + 1u];
}

fn neighbour_of(entry: u32) -> u32 {
  return entries[entry].x;
}

fn weight_of(entry: u32) -> f32 {
  return bitcast<f32>(entries[entry].y);
}
