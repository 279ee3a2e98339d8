// What a sum becomes: a score, or a part of one, added to what is there.
//
// Bound by src/ops/ranking/sparse_scores.ts.

override added: bool; // to what another kernel has left there

fn score_of(query: u32, candidate: u32, sum: vec4f, at: u32) -> vec4f {
  if (added) {
    return scores[at] + sum;
  }
  return sum;
}
