// Takes what a row must not be shown out of the running:  scores[seen_e, row] = −3.4e38
//
//   row_start, column   CSR of what each query has seen: its train items, or itself
//   scores              of scores.wgsl, word by word
//
// Dispatched by src/ops/ranking/top_k.ts, between scores.wgsl and top_k.wgsl.

struct Params {
  row_stride: u32,
}

@group(0) @binding(0) var<storage, read> row_start: array<u32>;
@group(0) @binding(1) var<storage, read> column: array<u32>;
@group(0) @binding(2) var<storage, read_write> scores: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

// In place of −∞: below every score that training without overflow can give, and comparable, as NaN is not.
const hidden = -3.4e38;

override workgroup_size: u32 = 64;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let row = invocation_index(here, workgroup_size);
  if (row >= query_block.count) {
    return;
  }
  let query = query_block.first_id + row;
  for (var entry = row_start[query]; entry < row_start[query + 1u]; entry++) {
    let candidate = column[entry] - candidate_block.first_id; // wraps around below the tile
    if (candidate < candidate_block.count) {
      scores[(candidate / 4u * params.row_stride + row) * 4u + candidate % 4u] = hidden;
    }
  }
}
