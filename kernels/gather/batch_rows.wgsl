// Which rows a gather makes: those that the current batch touches. The others are left alone.
//
//   batch_start   per batch, where its touched rows begin in `row`; batches + 1 offsets
//   row           touched rows, batch after batch
//
// Bound by src/ops/graphs/gather.ts.

@group(0) @binding(10) var<storage, read> batch_start: array<u32>;
@group(0) @binding(11) var<storage, read> row: array<u32>;

const rows_in_order = false;

fn first_place() -> u32 {
  return batch_start[clock[0]];
}

fn end_place() -> u32 {
  return batch_start[clock[0] + 1u];
}

fn row_at(place: u32) -> u32 {
  return row[place];
}
