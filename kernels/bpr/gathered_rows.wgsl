// Where the vectors of a batch's triples are: gathered, in the order of triples.
//
//   users   batch_size × dim, as vec4
//   items   2 batch_size × dim, as vec4: the positive ones, then the negative ones
//
// `params` are those of bpr_scores.wgsl.
//
// Bound by src/ops/losses/bpr_loss.ts.

@group(0) @binding(10) var<storage, read> users: array<vec4f>;
@group(0) @binding(11) var<storage, read> items: array<vec4f>;

fn rows_of(slot: u32, triple: u32) -> Rows {
  return Rows(slot, slot, params.batch_size + slot);
}

fn user_vector(at: u32) -> vec4f {
  return users[at];
}

fn item_vector(at: u32) -> vec4f {
  return items[at];
}
