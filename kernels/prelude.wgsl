// What all kernels share: compiled in front of each of them.
//
// Which invocation am I? A dispatch is a grid of workgroups, in two dimensions since one holds at most
// 65,535 of them. They are numbered x · (size of y) + y; invocations are numbered workgroup by workgroup.
// The last workgroup may have invocations with nothing to do: each kernel first asks whether its number is
// one of its own.

struct Here {
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32, // within the workgroup
}

fn workgroup_index(here: Here) -> u32 {
  return here.workgroup.x * here.workgroups.y + here.workgroup.y;
}

fn invocation_index(here: Here, workgroup_size: u32) -> u32 {
  return workgroup_index(here) * workgroup_size + here.local;
}

// Which batch is current? A step is recorded once and replayed for every batch of an epoch; advance.wgsl moves
// the clock on at its end. clock[0] is the batch within the epoch, from 0; clock[1] counts the batches since
// training was set up. Bound to the kernels that ask.

@group(0) @binding(30) var<storage, read> clock: array<u32>;

// Triples in the current batch: `batch_size`, or what is left of the epoch's `triples` for the last one.
fn batch_length(batch_size: u32, triples: u32) -> u32 {
  return min(batch_size, triples - clock[0] * batch_size);
}
