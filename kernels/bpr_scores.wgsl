// How much better each positive item of a batch scores than its negative (paper, Eq. 6):
//
//     margin_t = ⟨h_user(t), h_positive(t)⟩ − ⟨h_user(t), h_negative(t)⟩
//
// A sum over columns and nothing else, so that columns may live on several devices. The losses follow
// in bpr_coefficients.wgsl.
//
//   user, positive, negative   an epoch's triples as rows of h
//   h                          representations, rows × dim, as vec4
//   margin                     one value per triple of the batch
//
// Dispatched by src/ops/losses/bpr_loss.ts.

struct Params {
  triples: u32, // in the epoch
  batch_size: u32,
}

@group(0) @binding(0) var<storage, read> user: array<u32>;
@group(0) @binding(1) var<storage, read> positive: array<u32>;
@group(0) @binding(2) var<storage, read> negative: array<u32>;
@group(0) @binding(3) var<storage, read> h: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> margin: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

override dim4: u32; // vec4 per row
override workgroup_size: u32 = 64;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let slot = invocation_index(here, workgroup_size);
  let triple = clock[0] * params.batch_size + slot;
  if (slot >= params.batch_size || triple >= params.triples) {
    return;
  }
  let u = user[triple] * dim4;
  let p = positive[triple] * dim4;
  let n = negative[triple] * dim4;
  var sum = 0.0;
  for (var c = 0u; c < dim4; c++) {
    sum += dot(h[u + c], h[p + c] - h[n + c]);
  }
  margin[slot] = sum;
}
