// Marks the rows that a batch touches, for graph_near_batch.wgsl:  mark_r ← batches so far + 1
//
// Marks of earlier batches are smaller, and so need no clearing.
//
//   batch_start   per batch, where its touched rows begin in `row`; batches + 1 offsets
//   row           touched rows, batch after batch
//   mark          one number per row of H
//
// Dispatched by src/ops/graphs/graph_near_batch.ts.

@group(0) @binding(0) var<storage, read> batch_start: array<u32>;
@group(0) @binding(1) var<storage, read> row: array<u32>;
@group(0) @binding(2) var<storage, read_write> mark: array<u32>;

override workgroup_size: u32 = 64;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  let place = batch_start[clock[0]] + invocation;
  if (place < batch_start[clock[0] + 1u]) {
    mark[row[place]] = clock[1] + 1u;
  }
}
