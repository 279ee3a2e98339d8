// Takes what earlier lists hold out of the running, so that the next list goes on where they end:
//
//     scores[candidate, row] = −3.4e38   unless the candidate comes after last_id by the order of lists:
//                                        descending score, then ascending id
//
// A list is longer than top_k.wgsl can keep when it is made of several. Scores are computed anew for each,
// by the same steps: a candidate's score has the same bits as when an earlier list took it.
//
//   last_score, last_id   what each query's list ends with so far; 0xffffffff where no candidate was left
//   scores                of scores.wgsl: four candidates of a row in a vec4, row_stride of these side by side
//
// Dispatched by src/ops/ranking/top_k.ts, between mask_seen.wgsl and top_k.wgsl, one invocation per vec4.

struct Params {
  row_stride: u32,
}

@group(0) @binding(0) var<storage, read> last_score: array<f32>;
@group(0) @binding(1) var<storage, read> last_id: array<u32>;
@group(0) @binding(2) var<storage, read_write> scores: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

// As in mask_seen.wgsl.
const hidden = -3.4e38;

override workgroup_size: u32 = 64;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let at = invocation_index(here, workgroup_size);
  let row = at % params.row_stride;
  let four = at / params.row_stride;
  if (row >= query_block.count || 4u * four >= candidate_block.count) {
    return;
  }
  let last = vec4f(last_score[query_block.first_id + row]);
  let score = scores[at];
  let id = vec4u(candidate_block.first_id + 4u * four) + vec4u(0u, 1u, 2u, 3u);
  let follows = (score < last) | ((score == last) & (id > vec4u(last_id[query_block.first_id + row])));
  scores[at] = select(vec4f(hidden), score, follows);
}
