// What of a graph A is near a batch:
//
//   the entries A_rn whose column n the batch touches, moved to the front of their row: the gradient of
//   the loss is zero in all other rows, so that its first pass needs no others;
//   the rows that have such an entry or are touched themselves: the layer before the last is needed in
//   no others, and gets empty ones there.
//
// Invocations side by side walk rows of like length, so that none waits for another; each walks its row in
// order: what a pass sums over keeps its order, and what is left out is zero, so that results have the
// same bits as with all of A.
//
//   mark                       of mark_batch.wgsl
//   row_by_length              all rows, the longest first
//   row_start, column, value   A: rows + 1 offsets; column ids and weights of the entries
//   near_column, near_value    the entries moved to the front; as long as column and value
//   near_range                 per row, where they begin and end
//   reached_range              per row, where all entries begin and end; nothing if the row is not near
//
// Dispatched by src/ops/graphs/graph_near_batch.ts.

struct Params {
  rows: u32,
}

@group(0) @binding(0) var<storage, read> mark: array<u32>;
@group(0) @binding(1) var<storage, read> row_by_length: array<u32>;
@group(0) @binding(2) var<storage, read> row_start: array<u32>;
@group(0) @binding(3) var<storage, read> column: array<u32>;
@group(0) @binding(4) var<storage, read> value: array<f32>;
@group(0) @binding(5) var<storage, read_write> near_column: array<u32>;
@group(0) @binding(6) var<storage, read_write> near_value: array<f32>;
@group(0) @binding(7) var<storage, read_write> near_range: array<vec2u>;
@group(0) @binding(8) var<storage, read_write> reached_range: array<vec2u>;
@group(0) @binding(9) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  if (invocation >= params.rows) {
    return;
  }
  let row = row_by_length[invocation];
  let touched = clock[1] + 1u;
  let start = row_start[row];
  let end = row_start[row + 1u];
  var kept = start;
  for (var entry = start; entry < end; entry++) {
    if (mark[column[entry]] == touched) {
      near_column[kept] = column[entry];
      near_value[kept] = value[entry];
      kept++;
    }
  }
  near_range[row] = vec2u(start, kept);
  reached_range[row] = vec2u(start, select(start, end, kept > start || mark[row] == touched));
}
