// How a query's scores are spread, while tiles of candidates pass by: how many they are, their mean, and the sum of
// the squares of their distances from it,
//
//     n ← n + 1,   δ = s − mean,   mean ← mean + δ / n,   spread ← spread + δ (s − mean)
//
// for one score s after the other (Welford, Technometrics 1962), which loses no digits where the mean is far from 0.
// Hidden ones do not count. One invocation owns one row and walks the tile in ascending id.
//
//   scores    of scores.wgsl: four candidates of a row in a vec4, row_stride of these side by side
//   moments   per query: n, mean, spread, 0
//
// Dispatched by src/ops/ranking/score_deviations.ts.

struct Params {
  row_stride: u32,
}

@group(0) @binding(0) var<storage, read> scores: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> moments: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

// As in mask_seen.wgsl.
const hidden = -3.4e38;

override workgroup_size: u32 = 64;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let row = invocation_index(here, workgroup_size);
  if (row >= query_block.count) {
    return;
  }
  let query = query_block.first_id + row;
  // The first tile finds the moments of an earlier time.
  var m = select(moments[query], vec4f(), candidate_block.first_id == 0u);
  for (var candidate = 0u; candidate < candidate_block.count; candidate++) {
    let score = scores[candidate / 4u * params.row_stride + row][candidate % 4u];
    if (score > hidden) {
      m.x += 1.0;
      let distance = score - m.y;
      m.y += distance / m.x;
      m.z += distance * (score - m.y);
    }
  }
  moments[query] = m;
}
