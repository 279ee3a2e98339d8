// The adjoint of gather_rows.wgsl, for up to three lists at once:
//
//     gradient_(r − first_row) ← gradient_(r − first_row) + Σ gathered_(block · B + t)
//
// over the places t of the current batch that name row r of H: a user's row in block `user_block`, an
// item's in `positive_block` or `negative_block`. Each row that the batch touches is one invocation per
// column and sums in the order of triples, so that no atomics are needed.
//
//   row                         the rows that the batch touches, as in gather/batch_rows.wgsl
//   entry_start, signed_slot    their entries, as in gather/triple_entries.wgsl; a user's come in pairs, of
//                               which the one with sign minus is passed over
//   gathered                    (blocks · B) × width
//   gradient                    rows × width, its first row standing for row `first_row` of H
//
// Dispatched by src/ops/rows/gather_batch.ts.

struct Params {
  batch_size: u32,
  width: u32,
  first_row: u32,
  rows: u32, // of the table
  users: u32,
  user_block: u32, // 0xffffffff where the list was not gathered, also below
  positive_block: u32,
  negative_block: u32,
}

@group(0) @binding(1) var<storage, read> row: array<u32>;
@group(0) @binding(2) var<storage, read> entry_start: array<u32>;
@group(0) @binding(3) var<storage, read> signed_slot: array<u32>;
@group(0) @binding(4) var<storage, read> gathered: array<f32>;
@group(0) @binding(5) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  let place = clock.first_place + invocation / params.width;
  if (place >= clock.end_place) {
    return;
  }
  let c = invocation % params.width;
  let r = row[place] - params.first_row; // wraps to a huge number below the table's first row
  if (r >= params.rows) {
    return;
  }
  let is_user = row[place] < params.users;
  var sum = 0.0;
  for (var entry = entry_start[place]; entry < entry_start[place + 1u]; entry++) {
    let slot = signed_slot[entry] >> 1u;
    let minus = (signed_slot[entry] & 1u) == 1u;
    var block = select(params.positive_block, params.negative_block, minus);
    if (is_user) {
      block = select(params.user_block, 0xffffffffu, minus);
    }
    if (block != 0xffffffffu) {
      sum += gathered[(block * params.batch_size + slot) * params.width + c];
    }
  }
  gradient[r * params.width + c] += sum;
}
