// Marks the rows near a batch, so that propagate_near.wgsl can leave the others out:
//
//     near_r ← 4 · batches so far + 3   for the rows r that the batch touches
//     near_n ← 4 · batches so far + 2   for their neighbours n in A that it does not touch
//
// Marks of earlier batches are smaller, and so need no clearing. The maximum of integers does not depend
// on the order in which it is taken: the atomics here leave the result deterministic.
//
//   clock         number of the batch within the epoch, and since training was set up
//   batch_start   per batch, where its touched rows begin in `row`; batches + 1 offsets
//   row           touched rows, batch after batch
//   row_start, column   A: rows + 1 offsets; column ids
//   near          one mark per row of A
//
// Dispatched by src/ops/stepwise_convolution.ts.

@group(0) @binding(0) var<storage, read> clock: array<u32>;
@group(0) @binding(1) var<storage, read> batch_start: array<u32>;
@group(0) @binding(2) var<storage, read> row: array<u32>;
@group(0) @binding(3) var<storage, read> row_start: array<u32>;
@group(0) @binding(4) var<storage, read> column: array<u32>;
@group(0) @binding(5) var<storage, read_write> near: array<atomic<u32>>;

override lanes: u32; // invocations per touched row
override workgroup_size: u32 = 64;

@compute @workgroup_size(workgroup_size)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let invocation = (workgroup.y * workgroups.x + workgroup.x) * workgroup_size + local;
  let place = batch_start[clock[0]] + invocation / lanes;
  if (place >= batch_start[clock[0] + 1u]) {
    return;
  }
  let touched = row[place];
  let mark = 4u * clock[1];
  atomicMax(&near[touched], mark + 3u);
  for (var e = row_start[touched] + invocation % lanes; e < row_start[touched + 1u]; e += lanes) {
    atomicMax(&near[column[e]], mark + 2u);
  }
}
