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

// Which batch is current? A step is recorded once and replayed for every batch of an epoch, each time with
// another record bound as the clock. Bound to the kernels that ask.
struct Clock {
  batch: u32, // the batch within the epoch, from 0
  count: u32, // batches since training was set up
  size: u32, // triples in the batch: the last one of an epoch may have fewer than the others
  first_place: u32, // where the rows that the batch touches begin in the epoch's list of them,
  end_place: u32, // and end; then come the rows
  stale_end: u32, // that the batch before touched and this one does not
  correction: vec2f, // of AdamW's moments: f / (1 − β₁^t) and 1 / (1 − β₂^t), made in f64
}

@group(1) @binding(0) var<uniform> clock: Clock;

// Which rows of a matrix are current, and which ids do they stand for? A tile of a ranking is recorded once and
// replayed for every block of queries with every block of candidates. Bound, both, to the kernels that ask.
struct Block {
  first_row: u32, // row 0 of the block is this row of the matrix,
  first_id: u32, // and this query or candidate
  count: u32, // rows in the block: the last one may have fewer than the others
}

@group(1) @binding(0) var<uniform> query_block: Block;
@group(1) @binding(1) var<uniform> candidate_block: Block;
