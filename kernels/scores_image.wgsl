// scores.wgsl for software adapters, from images of the tile's queries and candidates, which they load
// several times as fast. Sums have the same order as there, and so the same bits.
//
//   queries      image of the query block's vectors, rows_per_line side by side
//   candidates   image of the candidate block's vectors, likewise
//   scores       as there
//
// Dispatched by src/ops/ranking/top_k.ts, in the same way.

struct Params {
  row_stride: u32, // as there
}

@group(0) @binding(0) var queries: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var candidates: texture_storage_2d<rgba32float, read>;
@group(0) @binding(2) var<storage, read_write> scores: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

override width4: u32; // vec4 per vector
override rows_per_line: u32;
override workgroup_size: u32 = 64;

fn query(row: u32, c: u32) -> vec4f {
  return textureLoad(queries, vec2u(row % rows_per_line * width4 + c, row / rows_per_line));
}

fn candidate(row: u32, c: u32) -> vec4f {
  return textureLoad(candidates, vec2u(row % rows_per_line * width4 + c, row / rows_per_line));
}

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let row_groups = params.row_stride / 8u;
  let group = workgroup_index(here);
  let row_group = group % row_groups;
  let four = group / row_groups * workgroup_size + here.local;
  if (8u * row_group >= query_block.count || 4u * four >= candidate_block.count) {
    return;
  }
  // Rows and candidates past the end repeat the last one and are never used.
  let next = vec4u(0u, 1u, 2u, 3u);
  let low = min(8u * row_group + next, vec4u(query_block.count - 1u));
  let high = min(8u * row_group + 4u + next, vec4u(query_block.count - 1u));
  let column = min(4u * four + next, vec4u(candidate_block.count - 1u));
  var low_sums = mat4x4f(); // row by row, one component per candidate
  var high_sums = mat4x4f();
  for (var c = 0u; c < width4; c++) {
    let x = mat4x4f(
      candidate(column.x, c),
      candidate(column.y, c),
      candidate(column.z, c),
      candidate(column.w, c),
    );
    low_sums += mat4x4f(
      query(low.x, c) * x,
      query(low.y, c) * x,
      query(low.z, c) * x,
      query(low.w, c) * x,
    );
    high_sums += mat4x4f(
      query(high.x, c) * x,
      query(high.y, c) * x,
      query(high.z, c) * x,
      query(high.w, c) * x,
    );
  }
  let at = 8u * (four * row_groups + row_group);
  scores[at] = low_sums[0];
  scores[at + 1u] = low_sums[1];
  scores[at + 2u] = low_sums[2];
  scores[at + 3u] = low_sums[3];
  scores[at + 4u] = high_sums[0];
  scores[at + 5u] = high_sums[1];
  scores[at + 6u] = high_sums[2];
  scores[at + 7u] = high_sums[3];
}
