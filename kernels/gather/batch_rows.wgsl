// Which rows a gather makes: those that the current batch touches. The others are left alone, or, where a result
// is to be zero elsewhere and was so up to the batch before, those that this one touched are made too: they have
// no entries, and their sum is zero again.
//
//   row   touched rows, batch after batch, each batch followed by its stale rows
//
// Bound by src/ops/graphs/gather.ts.

@group(0) @binding(11) var<storage, read> row: array<u32>;

const rows_in_order = false;

override with_stale: u32 = 0;

fn first_place() -> u32 {
  return clock.first_place;
}

fn end_place() -> u32 {
  return select(clock.end_place, clock.stale_end, with_stale == 1u);
}

fn row_at(place: u32) -> u32 {
  return row[place];
}
