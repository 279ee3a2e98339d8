// Keeps each row's K best candidates while tiles of candidates pass by:
//
//     best_row ← the K largest of best_row ∪ scores[·, row], by descending score, then ascending id
//
// One invocation owns one row and walks the tile in ascending id. What beats the worst of its list soon
// comes rarely, about K ln(n / K) times in n, but to each invocation at another time, and those side by
// side would wait for each other. So newcomers wait until all have walked the same stretch; each then
// takes the place of the first entry that it beats and the rest shift down by one: K steps that are the
// same for all invocations. Equal scores never displace an earlier id, and so the order is total and
// the same everywhere.
//
//   scores       of scores.wgsl: four candidates of a row in a vec4, row_stride of these side by side
//   best_score   queries × K running lists
//   best_id      likewise; 0xffffffff where there was nothing to show
//
// Dispatched by src/ops/ranking/top_k.ts.

struct Params {
  row_stride: u32,
  k: u32,
}

@group(0) @binding(0) var<storage, read> scores: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> best_score: array<f32>;
@group(0) @binding(2) var<storage, read_write> best_id: array<u32>;
@group(0) @binding(3) var<uniform> params: Params;

// What mask_seen.wgsl writes; nothing at or below it is ever listed.
const hidden = -3.4e38;
const nothing = 0xffffffffu;
const stretch = 32u; // of so many times four candidates
const longest = 128u; // list; src/ops/ranking/top_k.ts checks that K does not exceed it

override workgroup_size: u32 = 64;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let row = invocation_index(here, workgroup_size);
  if (row >= query_block.count) {
    return;
  }
  let first = (query_block.first_id + row) * params.k;
  var score: array<f32, longest>;
  var id: array<u32, longest>;
  for (var place = 0u; place < params.k; place++) {
    // The first tile finds the lists of an earlier ranking.
    score[place] = select(best_score[first + place], hidden, candidate_block.first_id == 0u);
    id[place] = select(best_id[first + place], nothing, candidate_block.first_id == 0u);
  }
  var worst = score[params.k - 1u];
  var waiting: array<u32, 4u * stretch>;
  let fours = (candidate_block.count + 3u) / 4u;
  for (var begin = 0u; begin < fours; begin += stretch) {
    var waits = 0u;
    for (var four = begin; four < min(begin + stretch, fours); four++) {
      let newcomers = scores[four * params.row_stride + row];
      // No round where none is let in.
      for (var j = select(4u, 0u, any(newcomers > vec4f(worst))); j < 4u; j++) {
        let candidate = 4u * four + j;
        if (newcomers[j] > worst && candidate < candidate_block.count) {
          waiting[waits] = candidate;
          waits++;
        }
      }
    }
    for (var next = 0u; next < waits; next++) {
      let candidate = waiting[next];
      var newcomer = scores[candidate / 4u * params.row_stride + row][candidate % 4u];
      var newcomer_id = candidate_block.first_id + candidate;
      var shifting = false;
      for (var place = 0u; place < params.k; place++) {
        let old = score[place];
        let old_id = id[place];
        shifting = shifting || newcomer > old;
        score[place] = select(old, newcomer, shifting);
        id[place] = select(old_id, newcomer_id, shifting);
        newcomer = select(newcomer, old, shifting);
        newcomer_id = select(newcomer_id, old_id, shifting);
      }
    }
    worst = score[params.k - 1u];
  }
  for (var place = 0u; place < params.k; place++) {
    best_score[first + place] = score[place];
    best_id[first + place] = id[place];
  }
}
