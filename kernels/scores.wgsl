// Inner products of a tile of rows with a tile of candidates, candidate by candidate:
//
//     scores[candidate, row] = ⟨queries_row, candidates_candidate⟩
//
// Used to rank items for users and to find the nearest items by cosine (paper, Eq. 3); the tiles keep
// the full table from ever existing. One invocation owns eight rows and four candidates: twelve vectors
// are read for 32 products, where one product at a time would read 64. `scores` has the candidate as its
// slow index, so that top_k.wgsl, where one invocation walks one row, reads neighbouring words together.
//
//   queries      query vectors, padded with zeros to a multiple of 4 columns, as vec4
//   candidates   candidate vectors, likewise
//   scores       candidate_count × row_stride, row_stride the row count rounded up to 8
//
// Dispatched by src/ops/top_k.ts, one workgroup for eight rows and 4 × workgroup_size candidates. Queries
// and candidates may be rows of one matrix, as users and items are of H.

struct Params {
  first_row: u32, // row 0 is queries_first_row
  row_count: u32,
  first_candidate_row: u32, // candidate 0 is candidates_first_candidate_row
  candidate_count: u32,
  width4: u32, // vec4 per vector
}

@group(0) @binding(0) var<storage, read> queries: array<vec4f>;
@group(0) @binding(1) var<storage, read> candidates: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> scores: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

override workgroup_size: u32 = 64;

@compute @workgroup_size(workgroup_size)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row_groups = (params.row_count + 7u) / 8u;
  let group = workgroup.x * workgroups.y + workgroup.y;
  let row_group = group % row_groups;
  let first = (group / row_groups * workgroup_size + local) * 4u;
  if (first >= params.candidate_count) {
    return;
  }
  // Where the vectors begin; rows and candidates past the end repeat the last one and are never used.
  var query: array<u32, 8>;
  for (var r = 0u; r < 8u; r++) {
    let row = min(row_group * 8u + r, params.row_count - 1u);
    query[r] = (params.first_row + row) * params.width4;
  }
  var candidate: array<u32, 4>;
  for (var j = 0u; j < 4u; j++) {
    let last = min(first + j, params.candidate_count - 1u);
    candidate[j] = (params.first_candidate_row + last) * params.width4;
  }
  var sums: array<vec4f, 8>; // row by row, one component per candidate
  for (var c = 0u; c < params.width4; c++) {
    let x = mat4x4f(
      candidates[candidate[0] + c],
      candidates[candidate[1] + c],
      candidates[candidate[2] + c],
      candidates[candidate[3] + c],
    );
    for (var r = 0u; r < 8u; r++) {
      sums[r] += queries[query[r] + c] * x; // a vector times a matrix: its product with each column
    }
  }
  let low = transpose(mat4x4f(sums[0], sums[1], sums[2], sums[3]));
  let high = transpose(mat4x4f(sums[4], sums[5], sums[6], sums[7]));
  for (var j = 0u; j < 4u && first + j < params.candidate_count; j++) {
    let at = ((first + j) * row_groups + row_group) * 2u;
    scores[at] = low[j];
    scores[at + 1u] = high[j];
  }
}
