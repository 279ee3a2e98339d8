// Inner products of a tile of rows with a tile of candidates, candidate by candidate:
//
//     scores[candidate, row] = ⟨queries_row, candidates_candidate⟩
//
// Used to rank items for users and to find the nearest items by cosine (paper, Eq. 3); the tiles keep
// the full table from ever existing. One invocation owns one candidate and eight rows, whose vectors
// are the same for its whole workgroup. `scores` has the candidate as its slow index, so that
// top_k.wgsl, where one invocation walks one row, reads neighbouring words together.
//
//   queries      query vectors, padded with zeros to a multiple of 4 columns, as vec4
//   candidates   candidate vectors, likewise
//   scores       candidate_count × row_stride, row_stride the row count rounded up to 8
//
// Dispatched by src/ops/top_k.ts, one workgroup for eight rows and workgroup_size candidates. Queries
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

// The vector of a row of the group; rows past the end repeat the last one and are never read.
fn query(row: u32, c: u32) -> vec4f {
  return queries[(params.first_row + min(row, params.row_count - 1u)) * params.width4 + c];
}

@compute @workgroup_size(workgroup_size)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row_groups = (params.row_count + 7u) / 8u;
  let group = workgroup.y * workgroups.x + workgroup.x;
  let row = group % row_groups * 8u;
  let candidate = group / row_groups * workgroup_size + local;
  if (candidate >= params.candidate_count) {
    return;
  }
  var low = vec4f();
  var high = vec4f();
  for (var c = 0u; c < params.width4; c++) {
    let x = candidates[(params.first_candidate_row + candidate) * params.width4 + c];
    low += vec4f(
      dot(query(row, c), x), dot(query(row + 1u, c), x), dot(query(row + 2u, c), x), dot(query(row + 3u, c), x),
    );
    high += vec4f(
      dot(query(row + 4u, c), x), dot(query(row + 5u, c), x), dot(query(row + 6u, c), x), dot(query(row + 7u, c), x),
    );
  }
  let at = candidate * row_groups * 2u + row / 4u;
  scores[at] = low;
  scores[at + 1u] = high;
}
