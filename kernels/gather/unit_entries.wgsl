// Which entries a gather walks: the rows of `input` themselves, so that its sums are of rows that follow each
// other. They are what the pieces of rows came to that are too long for one workgroup.
//
//     sum_r = Σ_e input_e     over the entries e of row r
//
// Bound by src/ops/graphs/segmented_rows.ts.

fn neighbour_of(entry: u32) -> u32 {
  return entry;
}

fn weight_of(entry: u32) -> f32 {
  return 1.0;
}
