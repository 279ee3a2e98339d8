// Keeps each row's K best candidates while tiles of candidates pass by:
//
//     best_row ← the K largest of best_row ∪ scores[·, row], by descending score, then ascending id
//
// One invocation owns one row: it walks the tile in ascending id and inserts what beats the worst of
// its list, which soon happens rarely (about K ln(n / K) times in n). Equal scores never displace an
// earlier id, and so the order is total and the same everywhere.
//
//   scores       candidate_count × row_stride, the candidate the slow index
//   best_score   queries × K running lists
//   best_id      likewise; 0xffffffff where there was nothing to show
//
// Dispatched by src/ops/top_k.ts.

struct Params {
  first_query: u32, // id of row 0
  row_count: u32,
  row_stride: u32,
  first_candidate: u32, // id of candidate 0
  candidate_count: u32,
  k: u32,
}

@group(0) @binding(0) var<storage, read> scores: array<f32>;
@group(0) @binding(1) var<storage, read_write> best_score: array<f32>;
@group(0) @binding(2) var<storage, read_write> best_id: array<u32>;
@group(0) @binding(3) var<uniform> params: Params;

// What mask_seen.wgsl writes; nothing at or below it is ever listed.
const hidden = -3.4e38;
const nothing = 0xffffffffu;

override workgroup_size: u32 = 64;

@compute @workgroup_size(workgroup_size)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let row = (workgroup.y * workgroups.x + workgroup.x) * workgroup_size + local;
  if (row >= params.row_count) {
    return;
  }
  let first = (params.first_query + row) * params.k;
  let last = first + params.k - 1u;
  if (params.first_candidate == 0u) {
    for (var place = first; place <= last; place++) {
      best_score[place] = hidden;
      best_id[place] = nothing;
    }
  }
  var worst = best_score[last];
  for (var candidate = 0u; candidate < params.candidate_count; candidate++) {
    let score = scores[candidate * params.row_stride + row];
    if (score > worst) {
      var place = last;
      while (place > first && score > best_score[place - 1u]) {
        best_score[place] = best_score[place - 1u];
        best_id[place] = best_id[place - 1u];
        place--;
      }
      best_score[place] = score;
      best_id[place] = params.first_candidate + candidate;
      worst = best_score[last];
    }
  }
}
