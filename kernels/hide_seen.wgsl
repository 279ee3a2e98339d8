// Sets the entries of train items to zero in rows of all items, one row per triple of the current batch:
//
//     scores_ti ← 0     for the items i that user_t has in train
//
//   user                users, one per triple of the epoch
//   row_start, column   CSR of the train items by user
//   scores              batch size × items
//
// Dispatched by src/ops/ranking/seen_items.ts; `lanes` invocations walk the items of a triple's user.

struct Params {
  items: u32,
  batch_size: u32,
}

@group(0) @binding(0) var<storage, read> user: array<u32>;
@group(0) @binding(1) var<storage, read> row_start: array<u32>;
@group(0) @binding(2) var<storage, read> column: array<u32>;
@group(0) @binding(3) var<storage, read_write> scores: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

override workgroup_size: u32 = 64;
override lanes: u32 = 8;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  let slot = invocation / lanes;
  let triple = clock.batch * params.batch_size + slot;
  if (slot >= clock.size) {
    return;
  }
  let end = row_start[user[triple] + 1u];
  for (var entry = row_start[user[triple]] + invocation % lanes; entry < end; entry += lanes) {
    scores[slot * params.items + column[entry]] = 0.0;
  }
}
