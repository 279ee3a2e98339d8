// Sets the rows that a batch touches to zero:  matrix_r = 0
//
// The gradient of a batch is zero but for its touched rows; clearing only these after use is cheaper
// than clearing all before.
//
//   clock         number of the batch within the epoch, and since training was set up
//   batch_start   per batch, where its touched rows begin in `row`; batches + 1 offsets
//   row           touched rows, batch after batch
//   matrix        rows × dim, as vec4
//
// Dispatched by src/ops/bpr_loss.ts.

@group(0) @binding(0) var<storage, read> clock: array<u32>;
@group(0) @binding(1) var<storage, read> batch_start: array<u32>;
@group(0) @binding(2) var<storage, read> row: array<u32>;
@group(0) @binding(3) var<storage, read_write> matrix: array<vec4f>;

override dim4: u32; // vec4 per row, and invocations per row
override workgroup_size: u32 = 64;

@compute @workgroup_size(workgroup_size)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let invocation = (workgroup.y * workgroups.x + workgroup.x) * workgroup_size + local;
  let place = batch_start[clock[0]] + invocation / dim4;
  if (place < batch_start[clock[0] + 1u]) {
    matrix[row[place] * dim4 + invocation % dim4] = vec4f();
  }
}
