// Which rows a gather makes: all of them, in order, 0 to rows − 1.
//
//   rows   how many; a parameter
//
// Bound by src/ops/graphs/gather.ts.

struct Params {
  rows: u32,
}

@group(0) @binding(10) var<uniform> params: Params;

const rows_in_order = true;

fn first_place() -> u32 {
  return 0u;
}

fn end_place() -> u32 {
  return params.rows;
}

fn row_at(place: u32) -> u32 {
  return place;
}
