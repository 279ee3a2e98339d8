// Inner products of a tile of rows with a tile of candidates, four candidates at a time:
//
//     scores[candidate / 4, row][candidate % 4] = ⟨queries_row, candidates_candidate⟩
//
// Used to rank items for users and to find the nearest items by cosine (paper, Eq. 3); the tiles keep
// the full table from ever existing. One invocation owns eight rows and four candidates: twelve vectors
// are read for 32 products, where one product at a time would read 64. `scores` has the row as its fast
// index, so that top_k.wgsl, where one invocation walks one row, reads neighbouring words together.
//
//   queries      query vectors, padded with zeros to a multiple of 4 columns, as vec4
//   candidates   candidate vectors, likewise
//   scores       candidates / 4, rounded up, × row_stride, as vec4; what is past the blocks, but for groups of
//                eight rows and four candidates, is left as it was
//
// Dispatched by src/ops/ranking/top_k.ts, one workgroup for eight rows and 4 × workgroup_size candidates. Queries
// and candidates may be rows of one matrix, as users and items are of H.

struct Params {
  row_stride: u32, // rows of the largest block of queries, rounded up to 8
  width4: u32, // vec4 per vector
}

@group(0) @binding(0) var<storage, read> queries: array<vec4f>;
@group(0) @binding(1) var<storage, read> candidates: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> scores: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

override workgroup_size: u32 = 64;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let row_groups = params.row_stride / 8u;
  let group = workgroup_index(here);
  let row_group = group % row_groups;
  let four = group / row_groups * workgroup_size + here.local;
  if (8u * row_group >= query_block.count || 4u * four >= candidate_block.count) {
    return;
  }
  // Where the vectors begin; rows and candidates past the end repeat the last one and are never used.
  let next = vec4u(0u, 1u, 2u, 3u);
  let last_row = vec4u(query_block.count - 1u);
  let low = params.width4 * (query_block.first_row + min(8u * row_group + next, last_row));
  let high = params.width4 * (query_block.first_row + min(8u * row_group + 4u + next, last_row));
  let last_candidate = vec4u(candidate_block.count - 1u);
  let candidate = params.width4 *
    (candidate_block.first_row + min(4u * four + next, last_candidate));
  var low_sums = mat4x4f(); // row by row, one component per candidate
  var high_sums = mat4x4f();
  for (var c = 0u; c < params.width4; c++) {
    let x = mat4x4f(
      candidates[candidate.x + c],
      candidates[candidate.y + c],
      candidates[candidate.z + c],
      candidates[candidate.w + c],
    );
    // A vector times a matrix: its product with each column.
    low_sums += mat4x4f(
      queries[low.x + c] * x,
      queries[low.y + c] * x,
      queries[low.z + c] * x,
      queries[low.w + c] * x,
    );
    high_sums += mat4x4f(
      queries[high.x + c] * x,
      queries[high.y + c] * x,
      queries[high.z + c] * x,
      queries[high.w + c] * x,
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
