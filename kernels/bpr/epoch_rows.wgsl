// Where the vectors of a batch's triples are: in H, in the rows that the epoch's lists name.
//
//   user, positive, negative   an epoch's triples as rows of h
//   h                          representations, rows × dim, as vec4
//
// Bound by src/ops/losses/bpr_loss.ts.

@group(0) @binding(10) var<storage, read> user: array<u32>;
@group(0) @binding(11) var<storage, read> positive: array<u32>;
@group(0) @binding(12) var<storage, read> negative: array<u32>;
@group(0) @binding(13) var<storage, read> h: array<vec4f>;

fn rows_of(slot: u32, triple: u32) -> Rows {
  return Rows(user[triple], positive[triple], negative[triple]);
}

fn user_vector(at: u32) -> vec4f {
  return h[at];
}

fn item_vector(at: u32) -> vec4f {
  return h[at];
}
