// How much better each positive item of a batch scores than its negative (paper, Eq. 6):
//
//     margin_t = ⟨h_user(t), h_positive(t)⟩ − ⟨h_user(t), h_negative(t)⟩
//
// A sum over columns and nothing else, so that columns may live on several devices. Where the vectors are,
// one of kernels/bpr says. The losses follow in bpr_coefficients.wgsl.
//
//   margin   one value per triple of the batch
//
// Dispatched by src/ops/losses/bpr_loss.ts.

struct Params {
  batch_size: u32,
}

// Where the vectors of a triple are.
struct Rows {
  user: u32,
  positive: u32,
  negative: u32,
}

@group(0) @binding(0) var<storage, read_write> margin: array<f32>;
@group(0) @binding(1) var<uniform> params: Params;

override dim4: u32; // vec4 per row
override workgroup_size: u32 = 64;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let slot = invocation_index(here, workgroup_size);
  let triple = clock.batch * params.batch_size + slot;
  if (slot >= clock.size) {
    return;
  }
  let rows = rows_of(slot, triple);
  let u = rows.user * dim4;
  let p = rows.positive * dim4;
  let n = rows.negative * dim4;
  var sum = 0.0;
  for (var c = 0u; c < dim4; c++) {
    sum += dot(user_vector(u + c), item_vector(p + c) - item_vector(n + c));
  }
  margin[slot] = sum;
}
