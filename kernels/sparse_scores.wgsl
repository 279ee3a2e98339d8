// A tile of the product of two sparse matrices, A · B, a row of A for each workgroup:
//
//     scores[candidate, row] = score_of(Σ_e weight_e · B[column_e, candidate])     over the entries e of A's row
//
// What a sum becomes says one of kernels/score_of. Which items are bought together is such a product, of the
// interactions with themselves; and a user's scores by lists of similar items are another: the sum of the lists
// of what the user has.
//
// The sums of a row stay in the workgroup's memory until all is added. Its invocations walk a row of B side by
// side; no two of its entries have the same column, so that no two invocations meet, and all wait for each other
// before the next row of B. Each sum is made in the order of A's entries: the same input gives the same bits.
//
//   a_start     queries + 1 offsets
//   a_entries   of A, entries × 2: column, bits of the weight
//   b_start     where in b_entries each row of B begins in each block of candidates: rows × blocks + 1 offsets
//   b_entries   of B, likewise, columns ascending
//   scores      of scores.wgsl: four candidates of a row in a vec4, row_stride of these side by side
//
// Dispatched by src/ops/ranking/sparse_scores.ts, a workgroup for each row.

struct Params {
  row_stride: u32,
  blocks: u32, // of candidates
  block_size: u32, // of all blocks but the last, a multiple of 4
}

@group(0) @binding(0) var<storage, read> a_start: array<u32>;
@group(0) @binding(1) var<storage, read> a_entries: array<vec2u>;
@group(0) @binding(2) var<storage, read> b_start: array<u32>;
@group(0) @binding(3) var<storage, read> b_entries: array<vec2u>;
@group(0) @binding(4) var<storage, read_write> scores: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

// Candidates of a block; src/ops/ranking/sparse_scores.ts knows it too. A workgroup has 16 KiB.
var<workgroup> sums: array<f32, 4000>;
var<workgroup> walked: vec2u;

override workgroup_size: u32 = 64;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let row = workgroup_index(here);
  let query = query_block.first_id + row;
  let inside = row < query_block.count;
  if (here.local == 0u) {
    walked = vec2u();
    if (inside) {
      walked = vec2u(a_start[query], a_start[query + 1u]);
    }
  }
  let rounded = (candidate_block.count + 3u) / 4u * 4u;
  for (var c = here.local; c < rounded; c += workgroup_size) {
    sums[c] = 0.0;
  }
  let entries = workgroupUniformLoad(&walked);
  for (var entry = entries.x; entry < entries.y; entry++) {
    let weight = bitcast<f32>(a_entries[entry].y);
    let at = a_entries[entry].x * params.blocks + candidate_block.first_id / params.block_size;
    let end = b_start[at + 1u];
    for (var e = b_start[at] + here.local; e < end; e += workgroup_size) {
      sums[b_entries[e].x - candidate_block.first_id] += weight * bitcast<f32>(b_entries[e].y);
    }
    workgroupBarrier();
  }
  for (var c = 4u * here.local; inside && c < rounded; c += 4u * workgroup_size) {
    let sum = vec4f(sums[c], sums[c + 1u], sums[c + 2u], sums[c + 3u]);
    let four = c / 4u * params.row_stride + row;
    scores[four] = score_of(query, candidate_block.first_id + c, sum, four);
  }
}
