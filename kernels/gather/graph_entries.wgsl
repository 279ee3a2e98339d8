// Which entries a gather walks: those of a sparse matrix A, so that its sums are the rows of A input:
//
//     sum_r = Σ_e value_e · input_column(e)     over the entries e of row r of A
//
//   column      per entry, its column: a row of `input`
//   value       per entry, its weight
//
// Bound by src/ops/graphs/gather.ts.

@group(0) @binding(14) var<storage, read> column: array<u32>;
@group(0) @binding(15) var<storage, read> value: array<f32>;

fn neighbour_of(entry: u32) -> u32 {
  return column[entry];
}

fn weight_of(entry: u32) -> f32 {
  return value[entry];
}
