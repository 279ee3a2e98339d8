// Where a row's entries are: the offsets of a sparse matrix.
//
//   row_start   where each row's entries begin, and end where the next row's begin; with row_stride = 2,
//               where they begin and where they end by turns, for rows of which only a part counts
//
// Bound by src/ops/graphs/gather.ts.

@group(0) @binding(12) var<storage, read> row_start: array<u32>;

override row_stride: u32 = 1;

fn first_entry(place: u32, row: u32) -> u32 {
  return row_start[row * row_stride];
}

fn end_entry(place: u32, row: u32) -> u32 {
  return row_start[row * row_stride + 1u];
}
