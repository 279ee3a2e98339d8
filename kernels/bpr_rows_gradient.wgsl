// The adjoint of bpr_rows_scores.wgsl, for one of its two sides, with c_t the derivative by margin_t:
//
//     users:  gradient_t = keep · gradient_t + c_t (p_t − n_t)
//     items:  gradient of p_t likewise + c_t u_t, of n_t − c_t u_t
//
// and nothing beyond the batch, of which the last one of an epoch may be partial.
//
//   coefficient   c, one number per triple of the batch
//   other         the other side: items, 2 batch_size × width, or users, batch_size × width
//   gradient      as large as its own side
//
// Dispatched by src/ops/losses/bpr_rows_loss.ts.

struct Params {
  of_users: u32, // 0 or 1
  width: u32,
  keep: u32, // 0 or 1
  triples: u32, // in the epoch
  batch_size: u32,
}

@group(0) @binding(0) var<storage, read> coefficient: array<f32>;
@group(0) @binding(1) var<storage, read> other: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let i = invocation_index(here, workgroup_size);
  let batch = params.batch_size * params.width; // elements of a list's rows
  let of_users = params.of_users == 1u;
  if (i >= select(2u * batch, batch, of_users)) {
    return;
  }
  let t = i / params.width % params.batch_size;
  var entry = 0.0;
  if (clock[0] * params.batch_size + t < params.triples) {
    if (of_users) {
      entry = coefficient[t] * (other[i] - other[batch + i]);
    } else {
      entry = coefficient[t] * other[i % batch];
      if (i >= batch) {
        entry = -entry;
      }
    }
  }
  // Not read when replaced: memory that is reused may hold infinities.
  if (params.keep == 1u) {
    entry += gradient[i];
  }
  gradient[i] = entry;
}
